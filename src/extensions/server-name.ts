import { fail } from '../wire/alert.ts';
import { ExtensionType } from '../wire/code-points.ts';
import { ascii, type Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

const hostName = 0;

// RFC 6066 section 3: struct { NameType name_type; opaque HostName<1..2^16-1>; } ServerName;
function readServerName(r: Reader): string | undefined {
  const names = r.vector16(1, 'server_name');
  const types: number[] = [];
  let found: string | undefined;
  while (!names.done) {
    const type = names.u8();
    const name = names.vector16(1).rest();
    if (types.includes(type)) fail('illegalParameter', `server_name holds two names of type ${type}`);
    types.push(type);
    if (type !== hostName) continue;
    if (name.length > 255 || name.includes(0)) fail('unrecognizedName', 'server_name is no host name');
    found = ascii(name);
  }
  return r.end(found);
}

/** server_name (RFC 6066 section 3): the host that the client wants; acknowledged by an empty body. */
export const serverName: Extension<string | undefined, true> = extension(
  ExtensionType.serverName,
  readServerName,
  () => {},
);
