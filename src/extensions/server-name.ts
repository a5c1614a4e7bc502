import { fail } from '../wire/alert.ts';
import { ExtensionType } from '../wire/code-points.ts';
import { ascii, type Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

const hostName = 0;

// RFC 6066 section 3: struct { NameType name_type; opaque HostName<1..2^16-1>; } ServerName;
function readServerName(r: Reader): string | undefined {
  const names = r.end(
    r.vector16(1, 'server_name').list((list) => ({ type: list.u8(), name: list.vector16(1).rest() })),
  );
  let found: string | undefined;
  for (const [index, { type, name }] of names.entries()) {
    if (names.findIndex((other) => other.type === type) < index) {
      fail('illegalParameter', `server_name holds two names of type ${type}`);
    }
    if (type !== hostName) continue;
    if (name.length > 255 || name.includes(0)) fail('unrecognizedName', 'server_name is no host name');
    found = ascii(name);
  }
  return found;
}

/** server_name (RFC 6066 section 3): the host that the client wants; acknowledged by an empty body. */
export const serverName: Extension<string | undefined, true> = extension(
  ExtensionType.serverName,
  readServerName,
  () => {},
);
