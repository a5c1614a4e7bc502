import { ExtensionType } from '../wire/code-points.ts';
import type { Reader } from '../wire/reader.ts';
import { type Extension, extension } from './extension.ts';

const ocsp = 1;

// RFC 6066 section 8: struct { ResponderID responder_id_list<0..2^16-1>; Extensions request_extensions; }
function readStatusRequest(r: Reader): boolean {
  if (r.u8() !== ocsp) {
    r.rest(); // a status of another type, which nobody has defined
    return false;
  }
  r.vector16().list((ids) => ids.vector16(1).rest());
  r.vector16();
  return r.end(true);
}

/** status_request (RFC 6066 section 8): whether the client takes an OCSP response; acknowledged in TLS 1.2 only. */
export const statusRequest: Extension<boolean, true> = extension(
  ExtensionType.statusRequest,
  readStatusRequest,
  () => {},
);
