using System.Runtime.InteropServices;

namespace Berth.Linux.Launch;

/// <summary>
/// Machine code that clones a child and, in the child, makes the calls of a <see cref="CallTable"/> one by one. Between clone and execve
/// no managed code may run and, since the child shares the parent's memory (CLONE_VM), no stack may be touched: the stub keeps all it
/// needs in registers. It is called as <c>nint stub(clone_args*, size, entries*)</c> and answers the pid or minus errno.
/// </summary>
internal static unsafe class ChildStub
{
    private static readonly Lazy<nint> s_address = new(Load);

    public static nint Run(Libc.clone_args* arguments, nint entries)
    {
        // SAFETY: the address is the code below, which follows the C calling convention and returns in the parent only.
        return ((delegate* unmanaged<Libc.clone_args*, nint, nint, nint>)s_address.Value)(arguments, sizeof(Libc.clone_args), entries);
    }

    private static nint Load()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            throw new PlatformNotSupportedException("Containers need an x86-64 host: the launcher has no machine code for this processor yet.");
        return Libc.MapCode(s_x64);
    }

    // [SysV ABI] rdi, rsi, rdx arrive; system calls take rax, rdi, rsi, rdx, r10, r8, r9 and destroy rcx and r11.
    private static readonly byte[] s_x64 =
    [
        0xB8, 0xB3, 0x01, 0x00, 0x00, //    mov eax, 435                 clone3
        0x0F, 0x05, //                      syscall
        0x48, 0x85, 0xC0, //                test rax, rax
        0x74, 0x01, //                      jz child
        0xC3, //                            ret
        0x48, 0x89, 0xD3, //          child: mov rbx, rdx                the child never returns: rbx is free
        0x48, 0x8B, 0x03, //           step: mov rax, [rbx]
        .. CallTable.MakeCall,
        0x48, 0x89, 0x43, 0x38, //          mov [rbx+56], rax
        0x48, 0x85, 0xC0, //                test rax, rax
        0x78, 0x1A, //                      js failed
        0x48, 0x8B, 0x4B, 0x40, //          mov rcx, [rbx+64]
        0x48, 0x85, 0xC9, //          store: test rcx, rcx
        0x74, 0x0B, //                      jz next
        0x48, 0x8B, 0x11, //                mov rdx, [rcx]               the word holds the next one's address
        0x48, 0x89, 0x01, //                mov [rcx], rax
        0x48, 0x89, 0xD1, //                mov rcx, rdx
        0xEB, 0xF0, //                      jmp store
        0x48, 0x83, 0xC3, 0x50, //     next: add rbx, 80
        0xEB, 0xC0, //                      jmp step
        0x48, 0x8B, 0x4B, 0x48, //   failed: mov rcx, [rbx+72]
        0x48, 0x85, 0xC9, //                test rcx, rcx
        0x74, 0x05, //                      jz fatal
        0x48, 0x01, 0xCB, //                add rbx, rcx
        0xEB, 0xB2, //                      jmp step
        0xBF, 0x7F, 0x00, 0x00, 0x00, // fatal: mov edi, 127
        0xB8, 0xE7, 0x00, 0x00, 0x00, //    mov eax, 231                 exit_group
        0x0F, 0x05, //                      syscall
        0xF4, //                            hlt
    ];
}
