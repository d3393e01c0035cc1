using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

/// <param name="engine">What the guest runs on.</param>
/// <param name="users">Bit mask of the processors that run it as user code.</param>
public abstract class MultiprocessorTests(GuestEngine engine, int users = 0)
{
    private void RunAll(Guest guest)
    {
        Thread[] threads = [.. guest.Machine.Cpus.Select(cpu => new Thread(() => cpu.Run()))];
        foreach (Thread t in threads) t.Start();
        // HLT with interrupts off sleeps on a machine with several processors; each says so in memory first.
        bool done = SpinWait.SpinUntil(() => guest.Machine.Cpus.All(cpu => guest.Read(Guest.Data + 0x100 + ((ulong)cpu.Index * 8)) != 0), TimeSpan.FromSeconds(60));
        // The guest's memory goes with the test: no processor may still run, also when it fails.
        for (int i = 0; i < threads.Length; i++)
        {
            guest.Machine.Cpus[i].Kick();
            threads[i].Join();
        }
        Assert.True(done, "the processors did not finish");
        if (engine == GuestEngine.Direct || engine == GuestEngine.Relocated) Assert.All(guest.Machine.Cpus, cpu => Assert.Equal((users >> cpu.Index & 1) != 0, ((SoftwareCpu)cpu).DirectEntries > 0));
    }

    private static void Finish(Assembler a)
    {
        // User code must not halt: the kernel does it for the fault.
        a.mov(__qword_ptr[(r15 * 8) + (long)(Guest.Data + 0x100)], 1);
        a.hlt();
    }

    private void Start(Guest guest)
    {
        const ulong enter = 0x11_0000, functions = 0x19_0000;
        if (users != 0)
        {
            foreach (ulong page in (ulong[])[Guest.Code, functions]) guest.Map(page, page | Guest.Rw | Guest.User);
            guest.Assemble(a =>
            {
                a.imul(rax, r15, -0x800);
                a.add(rax, (int)Guest.StackTop - 0x1800);
                a.push(Guest.UserData);
                a.push(rax);
                a.push(0x202);
                a.push(Guest.UserCode64);
                a.push((int)Guest.Code);
                a.iretq();
            }, enter);
        }
        foreach (IVirtualCpu cpu in guest.Machine.Cpus)
        {
            CpuRegisters r = Guest.LongMode(cpu.Index);
            if ((users >> cpu.Index & 1) != 0) r.Rip = enter;
            r.General[15] = (ulong)cpu.Index;
            cpu.SetRegisters(r);
        }
    }

    [Fact]
    public void LockedOperations_OnSharedMemory_LoseNothing()
    {
        using var guest = new Guest(engine, cpus: 2);
        const int rounds = 20000;
        guest.Assemble(a =>
        {
            Label top = a.CreateLabel(), retry = a.CreateLabel(), pair = a.CreateLabel();
            a.mov(rdi, Guest.Data);
            a.mov(ebp, rounds);
            a.Label(ref top);
            a.@lock.inc(__dword_ptr[rdi]);
            a.@lock.add(__byte_ptr[rdi + 8], 1);
            a.mov(eax, 3);
            a.@lock.xadd(__[rdi + 16], rax);
            a.mov(rax, __[rdi + 24]);
            a.Label(ref retry);
            a.lea(rcx, __[rax + 5]);
            a.@lock.cmpxchg(__[rdi + 24], rcx);
            a.jnz(retry);
            a.Label(ref pair);
            a.mov(rax, __[rdi + 32]);
            a.mov(rdx, __[rdi + 40]);
            a.lea(rbx, __[rax + 1]);
            a.lea(rcx, __[rdx + 2]);
            a.@lock.cmpxchg16b(__[rdi + 32]);
            a.jnz(pair);
            a.@lock.adc(__dword_ptr[rdi + 48], 0);
            a.dec(ebp);
            a.jnz(top);
            Finish(a);
        });
        Start(guest);
        RunAll(guest);
        Assert.Equal(2ul * rounds, guest.Read(Guest.Data));
        Assert.Equal(2ul * rounds & 0xFF, guest.Read(Guest.Data + 8));
        Assert.Equal(6ul * rounds, guest.Read(Guest.Data + 16));
        Assert.Equal(10ul * rounds, guest.Read(Guest.Data + 24));
        Assert.Equal(2ul * rounds, guest.Read(Guest.Data + 32));
        Assert.Equal(4ul * rounds, guest.Read(Guest.Data + 40));
    }

    [Fact]
    public void CrossModification_IsSeenAfterSerializing()
    {
        using var guest = new Guest(engine, cpus: 2);
        const ulong function = 0x19_0000, go = Guest.Data, seen = Guest.Data + 64;
        guest.Assemble(a =>
        {
            a.mov(eax, 0);
            a.ret();
        }, function);
        guest.Assemble(a =>
        {
            Label second = a.CreateLabel(), top = a.CreateLabel(), wait = a.CreateLabel(), loop = a.CreateLabel(), bad = a.CreateLabel();
            a.test(r15, r15);
            a.jnz(second);
            // Writer: change the constant, announce it, wait for the echo.
            a.mov(ebp, 1);
            a.Label(ref top);
            a.mov(__dword_ptr[function + 1], ebp);
            a.mov(__dword_ptr[go], ebp);
            a.Label(ref wait);
            a.pause();
            a.cmp(__dword_ptr[seen], ebp);
            a.jne(wait);
            a.inc(ebp);
            a.cmp(ebp, 500);
            a.jne(top);
            Finish(a);
            // Reader: wait for a number, serialise, call; the function must answer that number.
            a.Label(ref second);
            a.mov(ebp, 1);
            a.Label(ref loop);
            a.pause();
            a.cmp(__dword_ptr[go], ebp);
            a.jne(loop);
            a.xor(eax, eax);
            a.cpuid();
            a.mov(rbx, function);
            a.call(rbx);
            a.cmp(eax, ebp);
            a.jne(bad);
            a.mov(__dword_ptr[seen], ebp);
            a.inc(ebp);
            a.cmp(ebp, 500);
            a.jne(loop);
            Finish(a);
            a.Label(ref bad);
            a.mov(__qword_ptr[Guest.Data + 0x200], 1);
            a.mov(__dword_ptr[seen], ebp);
            Finish(a);
        });
        Start(guest);
        RunAll(guest);
        Assert.Equal(0ul, guest.Read(Guest.Data + 0x200));
    }

    [Fact]
    public void CrossModification_WithoutSerializing_IsSeenInOrderAndInTheEnd()
    {
        using var guest = new Guest(engine, cpus: 2);
        // The constant is aligned, so that it changes as a whole.
        const ulong function = 0x19_0003, last = 2000;
        guest.Assemble(a =>
        {
            a.mov(eax, 0);
            a.ret();
        }, function);
        guest.Assemble(a =>
        {
            Label second = a.CreateLabel(), top = a.CreateLabel(), loop = a.CreateLabel(), good = a.CreateLabel();
            a.test(r15, r15);
            a.jnz(second);
            a.mov(ebp, 1);
            a.Label(ref top);
            a.mov(__dword_ptr[function + 1], ebp);
            a.pause();
            a.inc(ebp);
            a.cmp(ebp, (int)last + 1);
            a.jne(top);
            Finish(a);
            a.Label(ref second);
            a.xor(ebp, ebp);
            a.mov(rbx, function);
            a.Label(ref loop);
            a.call(rbx);
            a.cmp(eax, ebp);
            a.jae(good);
            a.inc(__qword_ptr[Guest.Data + 0x200]);
            a.Label(ref good);
            a.mov(ebp, eax);
            a.cmp(eax, (int)last);
            a.jne(loop);
            Finish(a);
        });
        Start(guest);
        RunAll(guest);
        Assert.Equal(0ul, guest.Read(Guest.Data + 0x200));
    }

    /// <summary>The second store of a pair often comes while the reader decodes what the first has changed.</summary>
    [Fact]
    public void CrossModification_InPairs_TheLastIsSeen()
    {
        using var guest = new Guest(engine, cpus: 2);
        const ulong function = 0x19_0003, seen = Guest.Data + 64;
        const int last = 6000;
        guest.Assemble(a =>
        {
            a.mov(eax, 0);
            a.ret();
        }, function);
        guest.Assemble(a =>
        {
            Label second = a.CreateLabel(), top = a.CreateLabel(), between = a.CreateLabel(), wait = a.CreateLabel(), loop = a.CreateLabel();
            a.test(r15, r15);
            a.jnz(second);
            a.mov(ebp, 1);
            a.Label(ref top);
            a.mov(__dword_ptr[function + 1], ebp);
            a.mov(ecx, ebp);
            a.and(ecx, 0x3FF);
            a.inc(ecx);
            a.Label(ref between);
            a.dec(ecx);
            a.jnz(between);
            a.inc(ebp);
            a.mov(__dword_ptr[function + 1], ebp);
            a.Label(ref wait);
            a.pause();
            a.cmp(__dword_ptr[seen], ebp);
            a.jne(wait);
            a.inc(ebp);
            a.cmp(ebp, last);
            a.jb(top);
            Finish(a);
            a.Label(ref second);
            a.mov(rbx, function);
            a.Label(ref loop);
            a.call(rbx);
            a.mov(__dword_ptr[seen], eax);
            a.cmp(eax, last);
            a.jb(loop);
            Finish(a);
        });
        Start(guest);
        RunAll(guest);
        Assert.Equal((ulong)last, guest.Read(seen));
    }

    [Fact]
    public void StartupSignal_BeginsInRealMode()
    {
        using var guest = new Guest(engine, cpus: 2, longMode: false);
        guest.Assemble(a =>
        {
            a.mov(ax, 0x7777);
            a.mov(__word_ptr[0x7F00], ax);
            a.hlt();
        }, 0x6000, 16);
        var cpu = (SoftwareCpu)guest.Machine.Cpus[1];
        var thread = new Thread(() => cpu.Run());
        thread.Start();
        // Kernels leave no time between the two on processors that need none.
        cpu.RaiseInit();
        cpu.RaiseStartup(6);
        SpinWait.SpinUntil(() => (guest.Read(0x7F00) & 0xFFFF) == 0x7777, TimeSpan.FromSeconds(60));
        cpu.Kick();
        thread.Join();
        Assert.Equal(0x7777ul, guest.Read(0x7F00) & 0xFFFF);
    }

    [Fact]
    public void Run_ApplicationProcessorBeforeStartup_ExecutesNothing()
    {
        using var guest = new Guest(engine, cpus: 2, longMode: false);
        guest.Assemble(a => a.hlt(), 0x6000, 16);
        var cpu = (SoftwareCpu)guest.Machine.Cpus[1];
        cpu.Kick();
        Assert.Equal(CpuExitReason.Kicked, cpu.Run().Reason);
        Assert.Equal(0ul, cpu.Instructions);
        var thread = new Thread(() => cpu.Run());
        thread.Start();
        cpu.RaiseStartup(6);
        SpinWait.SpinUntil(() => cpu.Instructions > 0, TimeSpan.FromSeconds(60));
        cpu.Kick();
        thread.Join();
        Assert.Equal(1ul, cpu.Instructions);
    }
}

public sealed class InterpretedMultiprocessorTests() : MultiprocessorTests(GuestEngine.Interpreter);

public sealed class TranslatedMultiprocessorTests() : MultiprocessorTests(GuestEngine.Translator);

public sealed class TranslatedUserMultiprocessorTests() : MultiprocessorTests(GuestEngine.Translator, users: 0b11);

public sealed class DirectMultiprocessorTests() : MultiprocessorTests(GuestEngine.Direct, users: 0b11);

public sealed class RelocatedMultiprocessorTests() : MultiprocessorTests(GuestEngine.Relocated, users: 0b11);

/// <summary>The first processor's stores, made directly, are seen by the second's translator.</summary>
public sealed class DirectWriterMultiprocessorTests() : MultiprocessorTests(GuestEngine.Direct, users: 0b01);

public sealed class RelocatedWriterMultiprocessorTests() : MultiprocessorTests(GuestEngine.Relocated, users: 0b01);
