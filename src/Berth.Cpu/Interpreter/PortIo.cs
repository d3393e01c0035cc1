using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] IN and OUT with the I/O permission bitmap.</summary>
internal static unsafe class PortIo
{
    public static Handler Select(in Instruction i, int width) => i.Mnemonic == Mnemonic.In
        ? width switch { 1 => &In<byte>, 2 => &In<ushort>, _ => &In<uint> }
        : width switch { 1 => &Out<byte>, 2 => &Out<ushort>, _ => &Out<uint> };

    /// <summary>CPL against IOPL, else the bitmap in the TSS. Spec: [SDM1] 19.5.2.</summary>
    public static bool Allowed(Core c, CpuState* s, ushort port, int size)
    {
        if (c.Segmentation.IsProtected && (ulong)s->Cpl > (s->SystemFlags >> 12 & 3))
        {
            if (s->Tr.Limit < 103 || ((int)s->Tr.Attributes & 8) == 0) return c.Raise(ExceptionVector.GeneralProtection);
            if (!c.Mmu.ReadSystem(s->Tr.Base + 102, 2, out ulong map)) return false;
            ulong place = map + (ulong)(port / 8);
            if (place + 1 > s->Tr.Limit) return c.Raise(ExceptionVector.GeneralProtection);
            if (!c.Mmu.ReadSystem(s->Tr.Base + place, 2, out ulong bits)) return false;
            if ((bits >> (port & 7) & ((1UL << size) - 1)) != 0) return c.Raise(ExceptionVector.GeneralProtection);
        }
        c.Breakpoints.Port(port, size);
        return true;
    }

    private static ushort Port(CpuState* s, Op* o) => o->Extra != 0 ? (ushort)s->Registers[2] : (byte)o->Immediate;

    private static bool In<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ushort port = Port(s, o);
        if (!Allowed(c, s, port, sizeof(T))) return false;
        Bits.SetRegister<T>(s, 0, c.Ports.Read(port, sizeof(T)));
        // Devices may raise interrupts and change mappings: look at events before going on.
        return Core.Leave(s, o);
    }

    private static bool Out<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ushort port = Port(s, o);
        if (!Allowed(c, s, port, sizeof(T))) return false;
        c.Ports.Write(port, sizeof(T), (uint)Bits.Register<T>(s, 0));
        return Core.Leave(s, o);
    }
}
