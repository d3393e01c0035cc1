using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Berth.Linux.Launch;

/// <summary>
/// A program that makes the calls of a <see cref="CallTable"/> in memory of its own: a static ELF file of code and table. At the call
/// numbered <see cref="SystemCall.fork"/> it makes a sibling of itself, which goes on with the next call, and ends; the sibling's process
/// id is stored at <see cref="ResultAddress"/>. A failed call is told as {address of its entry, minus errno} to a descriptor.
/// </summary>
internal static class CallProgram
{
    public const nint TableAddress = 0x10000000, ResultAddress = 0x20000000;
    private const int StatusOperand = 0x80;

    public static byte[] Build(CallTable table, FileDescriptor status)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            throw new PlatformNotSupportedException("Containers need an x86-64 host: the launcher has no machine code for this processor yet.");
        byte[] code = [.. s_x64];
        BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(StatusOperand), status.Number);
        return ElfFile.Build(code, table.Content, (ulong)TableAddress);
    }

    /// <summary>The call by which a child becomes such a program; <paramref name="name"/> is what process lists show.</summary>
    public static ChildCall Execute(string step, FileDescriptor program, string name) =>
        new(step, SystemCall.execveat, [program, "", ChildArgument.Strings([name]), ChildArgument.Strings([]), Libc.AT_EMPTY_PATH]);

    private static readonly byte[] s_x64 =
    [
        0xBB, 0x00, 0x00, 0x00, 0x10, //         mov ebx, 0x10000000
        0x48, 0x8B, 0x03, //               step: mov rax, [rbx]
        0x48, 0x83, 0xF8, 0xFE, //               cmp rax, -2
        0x74, 0x4B, //                           je fork
        .. CallTable.MakeCall,
        0x48, 0x89, 0x43, 0x38, //     answered: mov [rbx+56], rax
        0x48, 0x85, 0xC0, //                     test rax, rax
        0x78, 0x1A, //                           js failed
        0x48, 0x8B, 0x4B, 0x40, //               mov rcx, [rbx+64]
        0x48, 0x85, 0xC9, //              store: test rcx, rcx
        0x74, 0x0B, //                           jz next
        0x48, 0x8B, 0x11, //                     mov rdx, [rcx]
        0x48, 0x89, 0x01, //                     mov [rcx], rax
        0x48, 0x89, 0xD1, //                     mov rcx, rdx
        0xEB, 0xF0, //                           jmp store
        0x48, 0x83, 0xC3, 0x50, //         next: add rbx, 80
        0xEB, 0xBA, //                           jmp step
        0x48, 0x8B, 0x4B, 0x48, //       failed: mov rcx, [rbx+72]
        0x48, 0x85, 0xC9, //                     test rcx, rcx
        0x74, 0x29, //                           jz fatal
        0x48, 0x01, 0xCB, //                     add rbx, rcx
        0xEB, 0xAC, //                           jmp step
        0xB8, 0x38, 0x00, 0x00, 0x00, //   fork: mov eax, 56             clone
        0xBF, 0x11, 0x80, 0x10, 0x00, //         mov edi, 0x108011       CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD
        0x31, 0xF6, //                           xor esi, esi
        0xBA, 0x00, 0x00, 0x00, 0x20, //         mov edx, 0x20000000
        0x45, 0x31, 0xD2, //                     xor r10d, r10d
        0x45, 0x31, 0xC0, //                     xor r8d, r8d
        0x0F, 0x05, //                           syscall
        0x48, 0x85, 0xC0, //                     test rax, rax
        0x74, 0xCE, //                           jz next
        0x78, 0xAF, //                           js answered
        0x31, 0xFF, //                           xor edi, edi
        0xEB, 0x1B, //                           jmp leave
        0x50, //                          fatal: push rax
        0x53, //                                 push rbx
        0xBF, 0x00, 0x00, 0x00, 0x00, //         mov edi, status
        0x48, 0x89, 0xE6, //                     mov rsi, rsp
        0xBA, 0x10, 0x00, 0x00, 0x00, //         mov edx, 16
        0xB8, 0x01, 0x00, 0x00, 0x00, //         mov eax, 1              write
        0x0F, 0x05, //                           syscall
        0xBF, 0x7F, 0x00, 0x00, 0x00, //         mov edi, 127
        0xB8, 0xE7, 0x00, 0x00, 0x00, //  leave: mov eax, 231            exit_group
        0x0F, 0x05, //                           syscall
        0xF4, //                                 hlt
    ];
}
