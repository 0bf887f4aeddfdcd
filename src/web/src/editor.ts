// The editor's classes under one name, as they are used here.
import Yasgui from "@zazuko/yasgui";
import type YasqeClass from "@zazuko/yasqe";
import type YasrClass from "@zazuko/yasr";

export type Yasqe = YasqeClass;
export type Yasr = YasrClass;
export { Yasgui };
