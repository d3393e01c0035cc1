using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Where guest registers live while generated code runs: most in the host register of the same number, RSP in R15 (RSP stays the host's
/// stack), R10, R11 and R15 in the state block. R10 and R11 of the host are scratch; GS points to the state block.</summary>
internal static class HostRegisters
{
    public const int Rax = 0, Rcx = 1, Rdx = 2, Rbx = 3, Rsp = 4, Rbp = 5, Rsi = 6, Rdi = 7;

    /// <summary>Host scratch: an address on its way to memory.</summary>
    public const int Address = 10;

    /// <summary>Host scratch: table index, then data.</summary>
    public const int Scratch = 11;

    /// <summary>Host register of the guest's stack pointer.</summary>
    public const int Stack = 15;

    /// <summary>Guest registers that have a host register, by guest number.</summary>
    public static ReadOnlySpan<int> Resident => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14];

    public static bool InMemory(int guest) => guest is 10 or 11 or 15;

    public static int Host(int guest) => guest == Rsp ? Stack : guest;

    /// <summary>The guest number of a general register.</summary>
    public static int Number(Register register) => register.GetFullRegister() - Register.RAX;

    /// <summary>The register of the same width with another number.</summary>
    public static Register WithNumber(Register register, int number) => register.GetSize() switch
    {
        8 => Register.RAX + number,
        4 => Register.EAX + number,
        2 => Register.AX + number,
        _ => number < 4 ? Register.AL + number : Register.SPL + (number - 4),
    };

    public static bool IsHighByte(Register register) => register is >= Register.AH and <= Register.BH;
}
