namespace Berth.Cpu.Translator;

/// <summary>Code that moves the status flags between the host's RFLAGS and the state block. R11 is lost, all else stays.</summary>
internal static class FlagCode
{
    public static void Save(Emitter e)
    {
        e.Move(HostRegisters.Scratch, HostRegisters.Rax);
        e.Byte(0x9F); // lahf
        e.Bytes(0x0F, 0x90, 0xC0); // seto al
        e.Gs(0x660089, HostRegisters.Rax, Layout.RawFlags, wide: false);
        e.Move(HostRegisters.Rax, HostRegisters.Scratch);
    }

    public static void Restore(Emitter e)
    {
        e.Move(HostRegisters.Scratch, HostRegisters.Rax);
        e.Gs(0x0FB7, HostRegisters.Rax, Layout.RawFlags, wide: false);
        e.Bytes(0x04, 0x7F); // add al, 7Fh: overflows if AL is 1
        e.Byte(0x9E); // sahf
        e.Move(HostRegisters.Rax, HostRegisters.Scratch);
    }
}
