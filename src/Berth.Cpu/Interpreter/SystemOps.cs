using System.Security.Cryptography;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] CPUID, MSRs, time stamps, random numbers, HLT, fences, cache and TLB control, moves of control and debug registers.</summary>
internal static unsafe class SystemOps
{
    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Nop or Mnemonic.Reservednop or Mnemonic.Endbr32 or Mnemonic.Endbr64 or Mnemonic.Prefetch or Mnemonic.Prefetchw or Mnemonic.Prefetcht0
            or Mnemonic.Prefetcht1 or Mnemonic.Prefetcht2 or Mnemonic.Prefetchnta or Mnemonic.Prefetchwt1 or Mnemonic.Cldemote or Mnemonic.Rdsspd
            or Mnemonic.Rdsspq or Mnemonic.Bndmk or Mnemonic.Bndmov or Mnemonic.Bndcl or Mnemonic.Bndcn or Mnemonic.Bndcu or Mnemonic.Bndldx or Mnemonic.Bndstx => &Nop,
        Mnemonic.Pause => &Pause,
        Mnemonic.Cpuid => &Cpuid,
        Mnemonic.Hlt => &Halt,
        Mnemonic.Rdtsc => &Rdtsc,
        Mnemonic.Rdtscp => &Rdtscp,
        Mnemonic.Rdpid => &Rdpid,
        Mnemonic.Rdpmc => &Rdpmc,
        Mnemonic.Rdmsr => &Rdmsr,
        Mnemonic.Wrmsr => &Wrmsr,
        Mnemonic.Rdrand or Mnemonic.Rdseed => width switch { 2 => &Random<ushort>, 4 => &Random<uint>, _ => &Random<ulong> },
        Mnemonic.Lfence or Mnemonic.Mfence or Mnemonic.Sfence => &Fence,
        Mnemonic.Clflush or Mnemonic.Clflushopt => &FlushLine,
        Mnemonic.Invd or Mnemonic.Wbinvd or Mnemonic.Wbnoinvd => &Privileged,
        Mnemonic.Invlpg => &Invlpg,
        Mnemonic.Invpcid => &Invpcid,
        Mnemonic.Clts => &Clts,
        Mnemonic.Mov when i.Op0Kind == OpKind.Register && i.Op0Register.IsCR() => &WriteControl,
        Mnemonic.Mov when i.Op1Kind == OpKind.Register && i.Op1Register.IsCR() => &ReadControl,
        Mnemonic.Mov when i.Op0Kind == OpKind.Register && i.Op0Register.IsDR() => &WriteDebug,
        Mnemonic.Mov when i.Op1Kind == OpKind.Register && i.Op1Register.IsDR() => &ReadDebug,
        Mnemonic.Ud0 or Mnemonic.Ud1 or Mnemonic.Ud2 => &Undefined,
        _ => null,
    };

    public static bool Undefined(Core c, CpuState* s, Op* o) => c.Raise(ExceptionVector.InvalidOpcode);

    public static bool GeneralProtection(Core c, CpuState* s, Op* o) => c.Raise(ExceptionVector.GeneralProtection);

    private static bool IsKernel(Core c, CpuState* s) => s->Cpl == 0 || c.Raise(ExceptionVector.GeneralProtection);

    private static bool Nop(Core c, CpuState* s, Op* o) => true;

    private static bool Pause(Core c, CpuState* s, Op* o)
    {
        // Let the holder of the lock run: there may be more vCPUs than host processors.
        Thread.Yield();
        return true;
    }

    private static bool Fence(Core c, CpuState* s, Op* o)
    {
        Interlocked.MemoryBarrier();
        return true;
    }

    private static bool FlushLine(Core c, CpuState* s, Op* o) =>
        Access.Address(c, s, o, 1, write: false, out ulong address) && Access.Read<byte>(c, s, address, o->Segment, out _);

    private static bool Privileged(Core c, CpuState* s, Op* o) => IsKernel(c, s);

    private static bool Cpuid(Core c, CpuState* s, Op* o)
    {
        CpuidContext context = new(c.Index, c.Config.CpuCount, c.Config.Clock.TscFrequency, (s->Cr4 & Cr4.Xsave) != 0, s->Xcr0);
        CpuidResult r = CpuModel.Query((uint)s->Registers[0], (uint)s->Registers[1], context);
        (s->Registers[0], s->Registers[3], s->Registers[1], s->Registers[2]) = (r.Eax, r.Ebx, r.Ecx, r.Edx);
        // CPUID serialises: code changed by others is seen from here on.
        return Core.Leave(s, o);
    }

    private static bool Halt(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        s->Rip = Core.NextRip(s, o);
        s->Stop = StopReason.Halt;
        return false;
    }

    private static bool SetPair(CpuState* s, ulong value)
    {
        (s->Registers[0], s->Registers[2]) = ((uint)value, value >> 32);
        return true;
    }

    private static bool TimeAllowed(Core c, CpuState* s) =>
        (s->Cr4 & Cr4.TimeStampDisable) == 0 || s->Cpl == 0 || c.Raise(ExceptionVector.GeneralProtection);

    private static bool Rdtsc(Core c, CpuState* s, Op* o) => TimeAllowed(c, s) && SetPair(s, c.Msrs.ReadTsc());

    private static bool Rdtscp(Core c, CpuState* s, Op* o)
    {
        if (!TimeAllowed(c, s)) return false;
        s->Registers[1] = (uint)s->TscAux;
        return SetPair(s, c.Msrs.ReadTsc());
    }

    private static bool Rdpid(Core c, CpuState* s, Op* o)
    {
        Bits.SetRegister<ulong>(s, o->A, (uint)s->TscAux);
        return true;
    }

    // No counters are offered.
    private static bool Rdpmc(Core c, CpuState* s, Op* o) => c.Raise(ExceptionVector.GeneralProtection);

    private static bool Rdmsr(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        return c.Msrs.TryRead((uint)s->Registers[1], out ulong value) ? SetPair(s, value) : c.Raise(ExceptionVector.GeneralProtection);
    }

    private static bool Wrmsr(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        if (!c.Msrs.TryWrite((uint)s->Registers[1], (uint)s->Registers[0] | (s->Registers[2] << 32))) return c.Raise(ExceptionVector.GeneralProtection);
        return Core.Leave(s, o);
    }

    private static bool Random<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong value = 0;
        RandomNumberGenerator.Fill(new Span<byte>(&value, sizeof(T)));
        if (c.Monitor is { } monitor) value = monitor.Random(value);
        Bits.SetRegister<T>(s, o->A, value);
        Flags.SetStatus(s, RFlags.Carry);
        return true;
    }

    private static bool Invlpg(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        byte* r = (byte*)s;
        ulong offset = *(ulong*)(r + o->Base) + (*(ulong*)(r + o->Index) << o->Scale) + (ulong)o->Displacement;
        offset = o->AddressSize switch { 2 => (ushort)offset, 4 => (uint)offset, _ => offset };
        ulong linear = s->CodeSize == 2 ? offset + *(ulong*)(r + o->SegmentBase) : (uint)((&s->Es + o->Segment)->Base + offset);
        c.Mmu.FlushPage(linear);
        return Core.Leave(s, o);
    }

    private static bool Invpcid(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        ulong type = s->CodeSize == 2 ? Bits.Register<ulong>(s, o->A) : Bits.Register<uint>(s, o->A);
        if (!Access.Address(c, s, o, 16, write: false, out ulong address)) return false;
        if (!c.Mmu.ReadSlow(address, 8, o->Segment, out ulong pcid) || !c.Mmu.ReadSlow(address + 8, 8, o->Segment, out ulong linear)) return false;
        bool bad = type > 3 || (type < 2 && (pcid >> 12) != 0) || (type < 2 && pcid != 0 && (s->Cr4 & Cr4.Pcid) == 0)
            || (type == 0 && (ulong)((long)linear << 16 >> 16) != linear);
        if (bad) return c.Raise(ExceptionVector.GeneralProtection);
        switch (type)
        {
            case 0: c.Mmu.FlushPage(linear); break;
            case 2: c.Mmu.Flush(); break;
            default: c.Mmu.FlushLocal(); break;
        }
        return Core.Leave(s, o);
    }

    private static bool Clts(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        s->Cr0 &= ~Cr0.TaskSwitched;
        return true;
    }

    private static bool ReadControl(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        ulong value;
        switch (o->B)
        {
            case 0: value = s->Cr0; break;
            case 2: value = s->Cr2; break;
            case 3: value = s->Cr3; break;
            case 4: value = s->Cr4; break;
            case 8: value = c.Apic?.TaskPriority ?? 0u; break;
            default: return c.Raise(ExceptionVector.InvalidOpcode);
        }
        s->Registers[o->A / 8] = s->CodeSize == 2 ? value : (uint)value;
        return true;
    }

    private static bool WriteControl(Core c, CpuState* s, Op* o)
    {
        if (!IsKernel(c, s)) return false;
        ulong value = s->CodeSize == 2 ? s->Registers[o->B / 8] : (uint)s->Registers[o->B / 8];
        switch (o->A)
        {
            case 0:
                if (!c.Control.WriteCr0(value)) return false;
                break;
            case 2: s->Cr2 = value; break;
            case 3:
                if (!c.Control.WriteCr3(value)) return false;
                break;
            case 4:
                if (!c.Control.WriteCr4(value)) return false;
                break;
            case 8:
                if (value > 15) return c.Raise(ExceptionVector.GeneralProtection);
                if (c.Apic is not null) c.Apic.TaskPriority = (byte)value;
                break;
            default: return c.Raise(ExceptionVector.InvalidOpcode);
        }
        return Core.Leave(s, o);
    }

    private static bool DebugAllowed(Core c, CpuState* s, int number)
    {
        if (number is 4 or 5 && (s->Cr4 & Cr4.DebuggingExtensions) != 0) return c.Raise(ExceptionVector.InvalidOpcode);
        if (!IsKernel(c, s)) return false;
        // General detect: any access while DR7.GD is set traps, and the handler gets free access.
        if ((s->Debug[7] & (1UL << 13)) == 0) return true;
        s->Debug[7] &= ~(1UL << 13);
        s->Debug[6] |= 1UL << 13;
        return c.Raise(ExceptionVector.Debug);
    }

    private static bool ReadDebug(Core c, CpuState* s, Op* o)
    {
        if (!DebugAllowed(c, s, o->B)) return false;
        s->Registers[o->A / 8] = s->CodeSize == 2 ? c.Control.ReadDebug(o->B) : (uint)c.Control.ReadDebug(o->B);
        return true;
    }

    private static bool WriteDebug(Core c, CpuState* s, Op* o)
    {
        if (!DebugAllowed(c, s, o->A)) return false;
        if (!c.Control.WriteDebug(o->A, s->CodeSize == 2 ? s->Registers[o->B / 8] : (uint)s->Registers[o->B / 8])) return false;
        return Core.Leave(s, o);
    }
}
