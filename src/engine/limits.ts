/**
 * Bounds on what a peer can make one connection hold or do. Each of them ends the connection with the alert named.
 * Beside these: a record holds at most 2^14 + 2048 bytes (record_overflow), a handshake message `maxMessageLength`
 * or `maxHelloLength` (illegal_parameter, decode_error), and unread input at most what the socket delivered at once.
 */
export const limits = {
  /** Application-data records without content in a row (unexpected_message). */
  emptyRecords: 32,
  /** ChangeCipherSpec records that a TLS 1.3 handshake passes over (unexpected_message). */
  changeCipherSpecs: 32,
  /** Warning alerts in a row (decode_error). */
  warningAlerts: 4,
  /** KeyUpdates without application data in between (unexpected_message). */
  keyUpdates: 32,
  /** Attempts to renegotiate, each answered with a no_renegotiation warning (unexpected_message). */
  renegotiations: 4,
  /**
   * Bytes of records of early data that are passed over unread, since we did not accept it (bad_record_mac): so many more
   * than our tickets allow.
   */
  skippedEarlyData: 65_536,
} as const;
