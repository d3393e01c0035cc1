using Berth.Linux.Launch;

namespace Berth.Linux.Tracing;

/// <summary>The whole program of a <see cref="StubProcess"/>: it waits, and its tracer has it make system calls. One page, position given.</summary>
internal static class StubProgram
{
    /// <summary>Places from the beginning of the page: one call by the registers, then a trap; the calls of a table at RBX, then a trap.</summary>
    public const int OneCall = ElfFile.HeaderSize + 9, ManyCalls = OneCall + 3;

    /// <summary>Words of an entry of the table: number, six arguments, one unused. A number of -1 ends it; so does the first call that fails.</summary>
    public const int EntryWords = 8;

    public static byte[] Build(ulong address) => ElfFile.Build(s_code, [], 0, address);

    private static readonly byte[] s_code =
    [
        0xB8, 0x22, 0x00, 0x00, 0x00, //   wait: mov eax, 34     pause
        0x0F, 0x05, //                           syscall
        0xEB, 0xF7, //                           jmp wait
        0x0F, 0x05, //                      one: syscall
        0xCC, //                                 int3
        0x48, 0x8B, 0x03, //               many: mov rax, [rbx]
        0x48, 0x83, 0xF8, 0xFF, //               cmp rax, -1
        0x74, 0x26, //                           je done
        .. CallTable.MakeCall,
        0x48, 0x83, 0xC3, 0x40, //               add rbx, 64
        0x48, 0x3D, 0x01, 0xF0, 0xFF, 0xFF, //   cmp rax, -4095
        0x72, 0xD1, //                           jb many
        0xCC, //                           done: int3
    ];
}
