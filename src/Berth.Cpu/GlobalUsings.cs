// SAFETY: alias only. A handler gets the core, its state and the decoded instruction, all alive for the whole call.
global using unsafe Handler = delegate*<Berth.Cpu.Interpreter.Core, Berth.Cpu.State.CpuState*, Berth.Cpu.State.Op*, bool>;
