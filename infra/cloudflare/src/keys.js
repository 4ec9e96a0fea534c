// Which SDK keys are alive. KV holds `key:{sha256}` with the record of the key.

/** KV keeps nothing for less; so a revoked key is refused here after a minute at the latest. */
const ALIVE_S = 60;

/** Key records of this installation, as far as the edge has met them. */
export class Keys {
  #store;

  constructor({ FLAGS }) {
    this.#store = FLAGS;
  }

  /** The record of a key that is alive; undefined if only the origin can know. */
  async live(hash) {
    const record = await this.#store.get(`key:${hash}`, 'json').catch((error) => console.error(error.stack));
    if (!record || (record.expires_ms && record.expires_ms <= Date.now())) return undefined;
    return record;
  }

  /** Writes down for a minute what the origin has just proved: that the key of a verified token is alive. */
  async remember(claims) {
    const hash = claims.apiKey.replace('auth-key-', '');
    const record = {
      hash,
      kind: claims.key_type.toLowerCase(),
      account: claims.accountID,
      organisation: claims.organizationIdentifier,
      project: claims.projectIdentifier,
      project_uuid: claims.project,
      environment: claims.environmentIdentifier,
      environment_uuid: claims.environment,
    };
    await this.#store.put(`key:${hash}`, JSON.stringify(record), { expirationTtl: ALIVE_S });
  }
}
