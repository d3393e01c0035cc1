namespace Berth.X86;

/// <summary>General registers in encoding order.</summary>
public enum GeneralRegister
{
#pragma warning disable CS1591 // the manual's own names
    Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15,
#pragma warning restore CS1591
}
