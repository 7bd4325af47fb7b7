// What hosts ask of the room. Loaded with what they ask it by.

/**
 * @typedef {import("./house.js").House} House
 * @typedef {import("./protocol.js").Role} Role
 */

/** @param {House} house @param {"mute" | "remove" | "admit"} action @param {string} participant */
export const moderate = (house, action, participant) => house.send({ type: "moderate", action, participant });

/** @param {House} house */
export const muteAll = (house) => house.send({ type: "mute-all" });

/** @param {House} house @param {string} participant */
export const lowerHand = (house, participant) => house.send({ type: "lower-hand", participant });

/** Ends the call for everybody. @param {House} house */
export const endRoom = (house) => house.send({ type: "end-room" });

/** @param {House} house @param {string} participant @param {Role} role */
export const setRole = (house, participant, role) => house.send({ type: "set-role", participant, role });

/** @param {House} house @param {string} participant @param {boolean} mayFilter */
export const allowFilters = (house, participant, mayFilter) => house.send({ type: "set-role", participant, mayFilter });

/** @param {House} house @param {boolean} locked */
export const lock = (house, locked) => house.send({ type: "set-lock", locked });

/** @param {House} house @param {{ role: Role, minutes: number, uses: number | null, name: string }} wanted */
export function invite(house, wanted) {
  house.invited = null;
  house.send({ type: "create-invite", id: ++house.asked, ...wanted });
}

/** @param {House} house @param {string} id @param {boolean} remove whether who came in by it is removed */
export const revoke = (house, id, remove) => house.send({ type: "revoke-invite", invite: id, remove });
