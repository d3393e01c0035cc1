using Berth.Cpu.Tests.Guests;
using Berth.Kvm.Tests.Guests;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Kvm.Tests;

public sealed class RunTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private sealed class Recorder : IPortDevice, IMmioDevice
    {
        public List<(ulong Offset, int Size, ulong Value)> Writes { get; } = [];

        public uint ReadPort(int offset, int size) => 0xC0DE_0000 + (uint)(offset * 0x101);

        public void WritePort(int offset, int size, uint value) => Writes.Add(((ulong)offset, size, value));

        public ulong ReadMmio(ulong offset, int size) => 0x1122_3344_5566_7788 + offset;

        public void WriteMmio(ulong offset, int size, ulong value) => Writes.Add((offset, size, size == 8 ? value : value & (1UL << 8 * size) - 1));
    }

    private static Guest Create(int cpus = 1, bool longMode = true) => new(KvmEngine.Instance, cpus, longMode);

    [Fact]
    public void Ports_OfEverySize_ReachTheirDevice()
    {
        using Guest guest = Create();
        var device = new Recorder();
        guest.Ports.Add(new(0x500, 8), device);
        guest.Run(a =>
        {
            a.mov(dx, 0x501);
            a.@in(al, dx);
            a.mov(ecx, eax);
            a.mov(edx, 0x502);
            a.@in(eax, dx);
            a.mov(ebx, eax);
            a.mov(eax, 0x8765_4321);
            a.mov(edx, 0x500);
            a.@out(dx, al);
            a.@out(dx, ax);
            a.@out(dx, eax);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((0x01ul, 0xC0DE_0202ul), (r.General[1] & 0xFF, r.General[3]));
        Assert.Equal([(0, 1, 0x21), (0, 2, 0x4321), (0, 4, 0x8765_4321)], device.Writes);
    }

    [Fact]
    public void RepeatedPortOutput_ArrivesWhole()
    {
        using Guest guest = Create();
        var device = new Recorder();
        guest.Ports.Add(new(0x500, 8), device);
        for (ulong i = 0; i < 64; i++) guest.Write(Guest.Data + i * 8, 0x0101_0101_0101_0101 * i);
        guest.Run(a =>
        {
            a.mov(esi, (int)Guest.Data);
            a.mov(ecx, 256);
            a.mov(edx, 0x504);
            a.rep.outsw();
        });
        Assert.Equal(256, device.Writes.Count);
        Assert.All(device.Writes, (write, i) => Assert.Equal((4ul, 2, (ulong)(i / 4 * 0x101)), write));
    }

    [Fact]
    public void DeviceMemory_OfEverySize_ReachesItsDevice()
    {
        using Guest guest = Create();
        var device = new Recorder();
        guest.Mmio.Add(0xD000_0000, 0x1000, device);
        guest.Map(0x28_0000, 0xD000_0000 | Guest.Rw);
        guest.Run(a =>
        {
            a.mov(rbx, 0x28_0000);
            a.mov(rcx, __[rbx + 8]);
            a.movzx(edx, __byte_ptr[rbx + 1]);
            a.mov(__byte_ptr[rbx + 2], cl);
            a.mov(__word_ptr[rbx + 4], cx);
            a.mov(__dword_ptr[rbx + 8], ecx);
            a.mov(__qword_ptr[rbx + 16], rcx);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((0x1122_3344_5566_7790ul, 0x89ul), (r.General[1], r.General[2]));
        Assert.Equal([(2, 1, 0x90), (4, 2, 0x7790), (8, 4, 0x5566_7790), (16, 8, 0x1122_3344_5566_7790)], device.Writes);
    }

    [Fact]
    public void Halt_WithInterruptsOff_EndsTheOnlyProcessor()
    {
        using Guest guest = Create();
        CpuExit exit = guest.Run(a => a.cli());
        Assert.Equal(CpuExitReason.Halted, exit.Reason);
    }

    [Fact]
    public void TripleFault_IsShutdown()
    {
        using Guest guest = Create();
        CpuExit exit = guest.Run(a =>
        {
            a.push(0);
            a.push(0);
            a.lidt(__[rsp]);
            a.ud2();
        });
        Assert.Equal(CpuExitReason.Shutdown, exit.Reason);
    }

    [Fact]
    public void UnknownPortsAndMemory_ReadAsOnes()
    {
        using Guest guest = Create();
        guest.Map(0x28_0000, 0xD000_0000 | Guest.Rw);
        guest.Run(a =>
        {
            a.mov(rbx, 0x28_0000);
            a.mov(rcx, __[rbx]);
            a.@in(al, 0x77);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((ulong.MaxValue, 0xFFul), (r.General[1], r.General[0] & 0xFF));
    }

    [Fact]
    public void Kick_EndsALoopThatNeverExits()
    {
        using Guest guest = Create();
        guest.Assemble(a =>
        {
            Label top = a.CreateLabel();
            a.Label(ref top);
            a.inc(__qword_ptr[Guest.Data]);
            a.jmp(top);
        });
        CpuExit exit = default;
        var thread = new Thread(() => exit = guest.Cpu.Run());
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => guest.Read(Guest.Data) > 0, s_patience));
        guest.Cpu.Kick();
        Assert.True(thread.Join(s_patience));
        Assert.Equal(CpuExitReason.Kicked, exit.Reason);
        ulong count = guest.Read(Guest.Data);
        guest.Cpu.Kick();
        Assert.Equal(CpuExitReason.Kicked, guest.Cpu.Run().Reason);
        Assert.Equal(count, guest.Read(Guest.Data));
    }

    // The device has answered, the guest has not yet taken the answer: a saved state must have it.
    [Fact]
    public void Kick_FromADevice_CompletesTheAccess()
    {
        using Guest guest = Create();
        guest.Ports.Add(new(0x500, 1), new KickingPort(guest.Cpu));
        ulong end = guest.Assemble(a =>
        {
            a.mov(edx, 0x500);
            a.@in(al, dx);
        });
        guest.Run(a =>
        {
            a.mov(edx, 0x500);
            a.@in(al, dx);
            a.mov(ecx, 1);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((end, 0x5Aul, 0ul), (r.Rip, r.General[0] & 0xFF, r.General[1]));
    }

    private sealed class KickingPort(IVirtualCpu cpu) : IPortDevice
    {
        public uint ReadPort(int offset, int size)
        {
            cpu.Kick();
            return 0x5A;
        }

        public void WritePort(int offset, int size, uint value)
        {
        }
    }

    [Fact]
    public void InstructionThatKvmCannotEmulate_IsAnErrorWithRegisters()
    {
        if (!KvmEngine.IsPageTableBased) Assert.Skip("This host's KVM emulates nothing that its processor can run.");
        using Guest guest = Create();
        ulong at = guest.Assemble(a => a.mov(r9, 0x1234_5678_9ABC));
        guest.Assemble(a =>
        {
            a.mov(r9, 0x1234_5678_9ABC);
            a.@lock.cmpxchg16b(__xmmword_ptr[Guest.Data]);
            a.hlt();
        });
        CpuExit exit = guest.Machine.Cpus[0].Run();
        Assert.Equal(CpuExitReason.Error, exit.Reason);
        Assert.Contains("cannot emulate", exit.Detail);
        Assert.Contains($"rip {at:x16}", exit.Detail);
        Assert.Contains("r9  0000123456789abc", exit.Detail);
    }

    [Fact]
    public void ApplicationProcessor_StartsByInitAndSipi()
    {
        using Guest guest = Create(cpus: 2, longMode: false);
        guest.Cpu.SetRegisters(Guest.LongMode(0));
        guest.Map(0x28_0000, 0xFEE0_0000 | Guest.Rw);
        guest.Assemble(a =>
        {
            a.mov(ax, 0x2000);
            a.mov(ds, ax);
            a.mov(__word_ptr[0], 0x1234);
            a.hlt();
        }, 0x6000, 16);
        guest.Assemble(a =>
        {
            Label wait = a.CreateLabel();
            a.mov(rbx, 0x28_0000);
            a.mov(__dword_ptr[rbx + 0x310], 1 << 24);
            a.mov(__dword_ptr[rbx + 0x300], 0x4500);
            a.mov(__dword_ptr[rbx + 0x300], 0x4606);
            a.Label(ref wait);
            a.pause();
            a.cmp(__word_ptr[0x2_0000], 0x1234);
            a.jne(wait);
            a.mov(__qword_ptr[Guest.Data], 1);
            a.hlt();
        });
        CpuExit[] exits = new CpuExit[2];
        Thread[] threads = [.. guest.Machine.Cpus.Select(cpu => new Thread(() => exits[cpu.Index] = cpu.Run()))];
        foreach (Thread thread in threads) thread.Start();
        SpinWait.SpinUntil(() => guest.Read(Guest.Data) == 1 || exits.Any(exit => exit.Detail is not null), s_patience);
        foreach (IVirtualCpu cpu in guest.Machine.Cpus) cpu.Kick();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(exits, exit => Assert.Equal(new(CpuExitReason.Kicked), exit));
        Assert.Equal(1ul, guest.Read(Guest.Data));
        Assert.Equal(CpuActivity.Halted, guest.Machine.Cpus[1].Save().Activity);
    }
}
