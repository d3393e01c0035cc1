using System.Buffers.Binary;
using Berth.Vmm.Confinement;

namespace Berth.Vmm.Tests.Confinement;

/// <summary>Runs the filter by an interpreter of the few instructions it uses.</summary>
public sealed class AfterStartTests
{
    private const uint Allow = 0x7FFF_0000, NotPermitted = 0x5_0001, NotThere = 0x5_0026, Kill = 0x8000_0000, X64 = 0xC000_003E;

    [Theory]
    [InlineData(59u, 0u, NotPermitted)] // execve
    [InlineData(41u, 0u, NotPermitted)] // socket
    [InlineData(321u, 0u, NotPermitted)] // bpf
    [InlineData(56u, 0x3D0F00u, Allow)] // clone of a thread, as the C library makes one
    [InlineData(56u, 17u, NotPermitted)] // clone as fork does
    [InlineData(435u, 0u, NotThere)] // clone3
    [InlineData(0u, 0u, Allow)] // read
    [InlineData(9u, 0u, Allow)] // mmap
    [InlineData(319u, 0u, Allow)] // memfd_create: a guest that starts anew
    [InlineData(288u, 0u, Allow)] // accept4
    public void Filter_SystemCall_IsDecided(uint number, uint argument, uint expected) => Assert.Equal(expected, Decide(X64, number, argument));

    [Fact]
    public void Filter_OtherArchitecture_Kills() => Assert.Equal(Kill, Decide(0x4000_0003, 1, 0));

    [Theory]
    [InlineData(0xAE01u, false, NotPermitted)] // KVM_CREATE_VM
    [InlineData(0x4138_AE84u, false, NotPermitted)] // KVM_SET_SREGS
    [InlineData(0xAE80u, true, Allow)] // KVM_RUN
    [InlineData(0x5401u, false, Allow)] // TCGETS
    [InlineData(0x541Bu, true, Allow)] // FIONREAD
    public void Filter_Ioctl_IsDecidedByItsTypeAndTheEngine(uint request, bool kvm, uint expected) => Assert.Equal(expected, Decide(X64, 16, 3, request, kvm));

    [Theory]
    [InlineData(259u)] // mknodat
    [InlineData(265u)] // linkat
    [InlineData(266u)] // symlinkat
    [InlineData(126u)] // capset
    public void Filter_EntriesOfDirectories_AreMadeForSharedFoldersOnly(uint number)
    {
        Assert.Equal(NotPermitted, Decide(X64, number, 0));
        Assert.Equal(Allow, Decide(X64, number, 0, folders: true));
        Assert.Equal(NotPermitted, Decide(X64, 165, 0, folders: true)); // mount
        Assert.Equal(NotPermitted, Decide(X64, 304, 0, folders: true)); // open_by_handle_at
    }

    [Theory]
    [InlineData(new[] { 77 }, 77u, Allow)]
    [InlineData(new[] { 77 }, 78u, NotPermitted)]
    [InlineData(new[] { 77, 80, 91 }, 91u, Allow)]
    [InlineData(new[] { 77, 80, 91 }, 78u, NotPermitted)]
    [InlineData(new int[0], 78u, NotPermitted)]
    [InlineData(new int[0], 0u, NotPermitted)]
    public void Filter_Tracing_IsOfTheProcessesThatRunUserCode(int[] users, uint process, uint expected)
    {
        Assert.Equal(expected, Decide(X64, 101, 0x18, process, users: users));
        Assert.Equal(Allow, Decide(X64, 288, 0, process, users: users));
    }

    private static uint Decide(uint architecture, uint number, uint argument, uint second = 0, bool kvm = false, bool folders = false, int[]? users = null)
    {
        byte[] program = AfterStart.Program(kvm, folders, users ?? []);
        uint value = 0;
        for (int i = 0; ; i++)
        {
            ReadOnlySpan<byte> line = program.AsSpan(8 * i, 8);
            uint k = BinaryPrimitives.ReadUInt32LittleEndian(line[4..]);
            switch (BinaryPrimitives.ReadUInt16LittleEndian(line))
            {
                case 0x20: value = k switch { 0 => number, 4 => architecture, 16 => argument, 24 => second, _ => throw new InvalidOperationException($"loads {k}") }; break;
                case 0x54: value &= k; break;
                case 0x15: i += value == k ? line[2] : line[3]; break;
                case 0x45: i += (value & k) != 0 ? line[2] : line[3]; break;
                case 0x06: return k;
                default: throw new InvalidOperationException("unknown instruction");
            }
        }
    }
}
