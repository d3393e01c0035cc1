using Berth.Devices.Chipset;
using Berth.Devices.Timing;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

/// <summary>Two processors with real local APICs.</summary>
public abstract class InterprocessorTests : IDisposable
{
    private const int Ping = 0x40, Pong = 0x41, Icr = 0x830, Eoi = 0x80B;

    private readonly DeviceTimers _timers = new(new GuestClock(TimeProvider.System));
    private readonly ApicBus _bus = new();
    private readonly Guest _guest;

    protected InterprocessorTests(GuestEngine engine)
    {
        _guest = new Guest(engine, cpus: 2, apics: (index, signals) => new LocalApic(index, signals, _bus, _timers));
        foreach (IVirtualCpu cpu in _guest.Machine.Cpus)
        {
            Assert.True(cpu.TryReadMsr(Msr.ApicBase, out ulong value) && cpu.TryWriteMsr(Msr.ApicBase, value | 0x400));
            Assert.True(cpu.TryWriteMsr(0x80F, 0x1FF));
            CpuRegisters r = Guest.LongMode(cpu.Index);
            r.General[15] = (ulong)cpu.Index;
            cpu.SetRegisters(r);
        }
    }

    public void Dispose()
    {
        _guest.Dispose();
        _timers.Dispose();
        GC.SuppressFinalize(this);
    }

    private static void Send(Assembler a, uint destination, int command)
    {
        a.mov(ecx, Icr);
        a.mov(eax, command);
        a.mov(edx, destination);
        a.wrmsr();
    }

    private void Handler(int vector, ulong at, Action<Assembler> body)
    {
        _guest.Assemble(a =>
        {
            a.mov(ecx, Eoi);
            a.xor(eax, eax);
            a.xor(edx, edx);
            a.wrmsr();
            body(a);
            a.iretq();
        }, at);
        _guest.Gate(vector, at);
    }

    private void RunUntil(Func<bool> done)
    {
        Thread[] threads = [.. _guest.Machine.Cpus.Select(static cpu => new Thread(() => cpu.Run()))];
        foreach (Thread thread in threads) thread.Start();
        bool ended = SpinWait.SpinUntil(done, TimeSpan.FromSeconds(60));
        for (int i = 0; i < threads.Length; i++)
        {
            _guest.Machine.Cpus[i].Kick();
            threads[i].Join();
        }
        Assert.True(ended, "The processors wait for each other.");
    }

    /// <summary>Each interrupt wakes the other processor from HLT: one that is lost stops both.</summary>
    [Fact]
    public void Interrupts_BackAndForthBetweenSleepers_AreNeverLost()
    {
        const ulong rounds = 5000;
        Handler(Ping, 0xE200, a => Send(a, 0, Pong));
        Handler(Pong, 0xE300, a =>
        {
            Label last = a.CreateLabel();
            a.inc(__qword_ptr[Guest.Data]);
            a.cmp(__qword_ptr[Guest.Data], (int)rounds);
            a.jae(last);
            Send(a, 1, Ping);
            a.Label(ref last);
        });
        _guest.Assemble(a =>
        {
            Label sleep = a.CreateLabel();
            a.test(r15, r15);
            a.jnz(sleep);
            Send(a, 1, Ping);
            a.Label(ref sleep);
            a.sti();
            a.hlt();
            a.jmp(sleep);
        });
        RunUntil(() => _guest.Read(Guest.Data) == rounds);
    }

    /// <summary>The way kernels drop stale translations elsewhere: the other processor flushes in its handler and answers.</summary>
    [Fact]
    public void Shootdown_AfterRemap_OtherProcessorSeesTheNewPage()
    {
        const ulong page = Guest.Data + 0x1_0000, stop = Guest.Data + 0x800, answer = Guest.Data + 0x840, wrong = Guest.Data + 0x880;
        const int rounds = 500;
        for (ulong i = 0; i < 2; i++) _guest.Write(page + i * 0x1000, i);
        ulong place = Guest.Table1 + (page >> 12 & 511) * 8;
        Handler(Ping, 0xE200, a =>
        {
            a.invlpg(__[page]);
            a.mov(rax, __[page]);
            a.mov(__[wrong], rax);
            a.mov(__qword_ptr[answer], 1);
        });
        _guest.Assemble(a =>
        {
            Label other = a.CreateLabel(), round = a.CreateLabel(), wait = a.CreateLabel(), loop = a.CreateLabel(), bad = a.CreateLabel(), end = a.CreateLabel();
            a.test(r15, r15);
            a.jnz(other);
            a.mov(ebp, rounds);
            a.Label(ref round);
            a.mov(ebx, ebp);
            a.and(ebx, 1);
            a.mov(edi, ebx);
            a.shl(edi, 12);
            a.mov(rax, page | Guest.Rw | Guest.User);
            a.add(rax, rdi);
            a.mov(__[place], rax);
            a.mov(__qword_ptr[answer], 0);
            Send(a, 1, Ping);
            a.Label(ref wait);
            a.pause();
            a.cmp(__qword_ptr[answer], 0);
            a.je(wait);
            a.cmp(__[wrong], rbx);
            a.jne(bad);
            a.dec(ebp);
            a.jnz(round);
            a.mov(__qword_ptr[stop], 1);
            a.jmp(end);
            a.Label(ref bad);
            a.mov(__qword_ptr[stop], 2);
            a.Label(ref end);
            a.hlt();
            // Uses the page all the while, so that a translation is there to be dropped.
            a.Label(ref other);
            a.sti();
            a.Label(ref loop);
            a.mov(rsi, __[page]);
            a.jmp(loop);
        });
        RunUntil(() => _guest.Read(stop) != 0);
        Assert.Equal(1ul, _guest.Read(stop));
    }
}

public sealed class InterpretedInterprocessorTests() : InterprocessorTests(GuestEngine.Interpreter);

public sealed class TranslatedInterprocessorTests() : InterprocessorTests(GuestEngine.Translator);

public sealed class DirectInterprocessorTests() : InterprocessorTests(GuestEngine.Direct);

public sealed class RelocatedInterprocessorTests() : InterprocessorTests(GuestEngine.Relocated);
