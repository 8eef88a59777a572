// What the viewer's API answers; openapi.json describes it.

export interface Line {
  trace: string | null;
  began: string | null;
  name: string | null;
  service: string | null;
  place: string;
  root?: string | null;
  status?: string | null;
  duration_ns?: number;
  ended?: boolean;
  points?: number;
  services?: string[];
  failed?: boolean;
}

export const api = "/api/v1";

/** tracePath is the path of a trace, below the API or the pages. */
export const tracePath = (id: string) => "/traces/" + encodeURIComponent(id);

async function failed(answer: Response): Promise<Error> {
  try {
    return new Error(((await answer.json()) as { detail: string }).detail);
  } catch {
    return new Error(`the viewer answers ${answer.status} ${answer.statusText}`);
  }
}

/** get returns an answer that is none of failure. */
export async function get(url: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (problem) {
    if (init.signal?.aborted) throw problem;
    throw new Error("the viewer does not answer: has sonde ui ended?");
  }
  if (!answer.ok) throw await failed(answer);
  return answer;
}

/** reason is an error in words. */
export function reason(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}

/** older is where the page after this one is, if there is one. */
export function older(answer: Response): string | undefined {
  return /<([^>]*)>; rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1];
}

/** follow calls back for each event of a stream while the page is looked at, since a browser has few streams at a time. It returns what ends it. */
export function follow(url: string, on: { [event: string]: (data: unknown) => void }, lost: () => void): () => void {
  let source: EventSource | undefined;
  let over = false;
  const stop = () => {
    source?.close();
    source = undefined;
  };
  const look = () => {
    if (over || document.hidden) return stop();
    if (source) return;
    source = new EventSource(url);
    for (const [event, call] of Object.entries(on))
      source.addEventListener(event, (e) => call(JSON.parse((e as MessageEvent<string>).data)));
    source.onerror = lost;
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    over = true;
    stop();
    document.removeEventListener("visibilitychange", look);
  };
}
