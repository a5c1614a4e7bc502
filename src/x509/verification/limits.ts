/** What one verification may cost at most, whatever certificates the peer sends. */
export interface VerificationLimits {
  /** Certificates that the peer sends, the end entity's included. */
  readonly certificates: number;
  /** Intermediate authorities between the end entity and the trust anchor. */
  readonly depth: number;
  /**
   * Signatures checked, of certificates and of CRLs; each is checked once however many paths it is on. By a key on another
   * curve than P-256, or of more than 4096 bits, one counts as five.
   */
  readonly signatureChecks: number;
  /** Names held against name constraints; those of more than 64 bytes count as several. */
  readonly nameComparisons: number;
  /** Certificates looked at as the next on a path, where the most likely path fails and others are searched for. */
  readonly searchSteps: number;
  /** Paths judged, the most likely one included. */
  readonly paths: number;
}

/**
 * The limits unless told otherwise. Honest paths have one to four certificates; a full search of what a hostile peer
 * can send within these limits takes some tens of milliseconds.
 */
export const defaultLimits: VerificationLimits = {
  certificates: 100,
  depth: 20,
  signatureChecks: 100,
  nameComparisons: 250_000,
  searchSteps: 1000,
  paths: 20,
};
