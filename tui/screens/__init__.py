"""The screens: the main one and its dialogs."""
