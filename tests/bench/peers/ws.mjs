// Node `ws`: a room and hops. Usage: node ws.mjs PORT
import { WebSocketServer, WebSocket } from "ws";

const server = new WebSocketServer({ port: Number(process.argv[2]), host: "127.0.0.1", perMessageDeflate: false, backlog: 2048 });
const sockets = new Map();

server.on("connection", (socket, request) => {
  const id = Number(new URL(request.url, "http://localhost").searchParams.get("id"));
  sockets.set(id, socket);
  socket.on("close", () => sockets.delete(id));
  socket.on("error", () => sockets.delete(id));
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.all !== undefined) {
      const frame = Buffer.from(JSON.stringify({ event: message.all }));
      for (const other of sockets.values()) {
        if (other.readyState === WebSocket.OPEN) other.send(frame, { binary: false });
      }
    } else {
      sockets.get(message.to)?.send(JSON.stringify({ from: id, event: message.event }));
    }
  });
});
