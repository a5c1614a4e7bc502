/** A way to make this machine trust the development authority. */
export interface TrustAdvice {
  /** Who trusts it afterwards. */
  readonly who: string;
  readonly command: string;
}

/** The commands that make a platform (`process.platform`) trust a certificate authority in a PEM file. */
export function trustAdvice(platform: string, authorityPath: string): readonly TrustAdvice[] {
  const path = quote(authorityPath, platform);
  const node: TrustAdvice = { who: 'Node.js', command: `NODE_EXTRA_CA_CERTS=${path} node …` };
  switch (platform) {
    case 'darwin':
      return [
        {
          who: 'this Mac',
          command: `security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${path}`,
        },
        node,
      ];
    case 'win32':
      return [{ who: 'Windows', command: `certutil -user -addstore Root ${path}` }];
    default:
      return [
        {
          who: 'this system (Debian, Ubuntu)',
          command: `sudo cp ${path} /usr/local/share/ca-certificates/tsls.crt && sudo update-ca-certificates`,
        },
        { who: 'this system (Fedora, Arch)', command: `sudo trust anchor ${path}` },
        { who: 'Chrome', command: `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n tsls -i ${path}` },
        node,
      ];
  }
}

/** A path as a shell takes it. */
function quote(path: string, platform: string): string {
  if (/^[\w./\\:-]+$/.test(path)) return path;
  return platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;
}
