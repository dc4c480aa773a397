/** One DNS question over UDP. */
import { createSocket } from 'node:dgram';
import packet, { type DecodedPacket, type RecordType } from 'dns-packet';

/** The response to one question, or an Error after `timeoutMs`. Responses that fit no question of ours are ignored. */
export function ask(server: { readonly host: string; readonly port: number }, name: string, type: string, timeoutMs: number): Promise<DecodedPacket> {
  const id = Math.floor(Math.random() * 65_536);
  const query = packet.encode({ type: 'query', id, flags: packet.RECURSION_DESIRED, questions: [{ type: type as RecordType, name }] });
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const end = (error: Error | null, response?: DecodedPacket) => {
      clearTimeout(timer);
      socket.close();
      if (response) resolve(response);
      else reject(error);
    };
    const timer = setTimeout(() => end(new Error(`${server.host}:${server.port} gave no answer about ${name} within ${timeoutMs} ms.`)), timeoutMs);
    socket.on('error', (error) => end(error));
    socket.on('message', (message, from) => {
      let response: DecodedPacket;
      try {
        response = packet.decode(message);
      } catch {
        return;
      }
      if (response.id === id && response.type === 'response' && from.address === server.host) end(null, response);
    });
    socket.send(query, server.port, server.host);
  });
}
