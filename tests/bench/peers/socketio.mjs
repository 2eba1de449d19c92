// Socket.IO over its WebSocket transport: a room and hops. Usage: node socketio.mjs PORT
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
const sockets = new Map();

server.on("connection", (socket) => {
  const id = Number(socket.handshake.query.id);
  sockets.set(id, socket);
  socket.on("disconnect", () => sockets.delete(id));
  socket.on("m", (message) => {
    if (message.all !== undefined) server.emit("m", { event: message.all });
    else sockets.get(message.to)?.emit("m", { from: id, event: message.event });
  });
});

http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 2048 });
