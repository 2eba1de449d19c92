// The doors between a finding and its lesson (server/web/proposals.py).
import { call } from "./api";
import { newId } from "./ids";
import type { Invitations, LectureView, PlanLecture, ProposalOffer, ProposalOffers, ProposeTeaching, SessionView, TopicTeaching } from "./protocol";

const post = <T>(path: string, body: object = {}, key: string = newId()): Promise<T> => call<T>("POST", path, body, key);

export const teaching = (topic: number): Promise<TopicTeaching> => call("GET", `/api/research/topics/${topic}/teaching`);
export const propose = (topic: number, body: ProposeTeaching, key: string): Promise<TopicTeaching> => post(`/api/research/topics/${topic}/proposals`, body, key);
export const withdraw = (id: string): Promise<unknown> => post(`/api/research/proposals/${id}/withdraw`);

export const offers = (): Promise<ProposalOffers> => call("GET", "/api/proposals");
export const take = (id: string): Promise<ProposalOffers> => post(`/api/proposals/${id}/take`);
export const decline = (id: string, why: string): Promise<ProposalOffers> => post(`/api/proposals/${id}/decline`, { why });
export const planIt = (id: string, body: PlanLecture, key: string): Promise<LectureView> => post(`/api/proposals/${id}/lecture`, body, key);
export const recordIt = (id: string): Promise<SessionView> => post(`/api/proposals/${id}/lesson`);

export const invitations = (): Promise<Invitations> => call("GET", "/api/invitations");
export const dismiss = (id: string): Promise<unknown> => post(`/api/invitations/${id}/dismiss`);

/** Whether something stands that was made of it; a lecture that was cancelled makes room for another. */
export const stands = ({ taught }: Pick<ProposalOffer, "taught">): boolean => taught != null && taught.state !== "cancelled";
