// What mlp-tui adds to textual-serve's client, which is loaded before this and starts at the window's load event.
"use strict";
{
  const here = new URL(window.location.href);
  // The token is in the cookie by now: the address that stands in the history and on the projector goes without it.
  if (here.searchParams.has("token")) {
    here.searchParams.delete("token");
    window.history.replaceState(null, "", here);
  }

  // The client tells the program when the terminal takes keys, which it can do once its socket is open.
  const takeKeys = () => document.querySelector(".xterm-helper-textarea")?.focus();

  // The reason why a session ended comes with the closing of its socket.
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(url) {
      super(url);
      this.addEventListener("open", takeKeys);
      this.addEventListener("close", (event) => {
        document.querySelector("#reason").textContent =
          event.reason || "The session has ended, or the server can't be reached.";
        document.querySelector("#again").focus();
      });
    }
  };

  // A file is opened as a new window by the client, which browsers stop as a pop-up; a link is not stopped.
  window.open = (address) => {
    const url = new URL(address, here);
    const link = document.createElement("a");
    link.href = url.href;
    if (url.origin === here.origin && url.pathname.startsWith("/download/")) {
      link.download = "";
    } else if (url.protocol === "https:" || url.protocol === "http:") {
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    } else {
      return null;
    }
    link.click();
    return null;
  };

  // The client measures its font once, at the start: it waits until the font is there.
  const start = window.onload;
  window.onload = async (event) => {
    const terminal = document.querySelector("#terminal");
    terminal.dataset.sessionWebsocketUrl = `${here.origin.replace(/^http/, "ws")}/session`;
    terminal.dataset.fontSize = Number(here.searchParams.get("fontsize")) || 16;
    document.querySelector("#again").addEventListener("click", () => window.location.reload());
    await Promise.allSettled([document.fonts.load('16px "Roboto Mono"'), document.fonts.load('bold 16px "Roboto Mono"')]);
    start.call(window, event);
    window.addEventListener("focus", takeKeys);
  };
}
