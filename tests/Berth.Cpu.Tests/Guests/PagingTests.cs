using Berth.Machine;
using Berth.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class PagingTests(GuestEngine engine)
{
    private const ulong Page = Guest.Data + 0x1_0000;

    [Theory]
    [InlineData(0UL, false, 0u)]
    [InlineData(0UL, true, PageFaultError.Write)]
    [InlineData(PageEntry.Present | Page, true, PageFaultError.Present | PageFaultError.Write)]
    [InlineData(PageEntry.Present | Page | 1UL << 51, false, PageFaultError.Present | PageFaultError.Reserved)]
    public void SupervisorAccess_BadEntry_FaultsWithCode(ulong entry, bool write, uint error)
    {
        using var guest = new Guest(engine);
        guest.Map(Page, entry);
        guest.Run(a =>
        {
            a.mov(rbx, Page + 0x123);
            if (write) a.mov(__[rbx], eax);
            else a.mov(eax, __[rbx]);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(error, guest.ErrorCode);
        Assert.Equal(Page + 0x123, guest.Cpu.GetRegisters().Cr2);
    }

    [Theory]
    [InlineData(PageEntry.Present | PageEntry.Writable, false, PageFaultError.Present | PageFaultError.User)]
    [InlineData(PageEntry.Present | PageEntry.User, true, PageFaultError.Present | PageFaultError.User | PageFaultError.Write)]
    [InlineData(0UL, true, PageFaultError.User | PageFaultError.Write)]
    public void UserAccess_NotAllowed_FaultsWithCode(ulong rights, bool write, uint error)
    {
        using var guest = new Guest(engine);
        guest.Map(Page, rights == 0 ? 0 : Page | rights);
        guest.RunUser(a =>
        {
            a.mov(rbx, Page);
            if (write) a.add(__dword_ptr[rbx], 1);
            else a.cmp(__dword_ptr[rbx], 1);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(error, guest.ErrorCode);
        Assert.Equal(Guest.UserCode64, guest.FaultCs);
        Assert.Equal(Guest.InnerTop - 56, guest.HandlerRsp);
    }

    [Fact]
    public void Execute_NoExecutePage_FaultsWithInstructionBit()
    {
        using var guest = new Guest(engine);
        guest.Map(Page, Page | Guest.Rw | PageEntry.NoExecute);
        guest.Run(a =>
        {
            a.mov(rbx, Page);
            a.jmp(rbx);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(PageFaultError.Present | PageFaultError.Instruction, guest.ErrorCode);
        Assert.Equal(Page, guest.FaultRip);
    }

    [Fact]
    public void Execute_UserPageUnderSmep_Faults()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(rax, cr4);
            a.or(rax, (int)Cr4.Smep);
            a.mov(cr4, rax);
            a.mov(rbx, Guest.UserCode);
            a.jmp(rbx);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(PageFaultError.Present | PageFaultError.Instruction, guest.ErrorCode);
    }

    [Fact]
    public void Smap_StacOpensAndClacCloses()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(rbx, Page);
            a.mov(eax, __[rbx]);
            a.mov(rax, cr4);
            a.or(rax, (int)Cr4.Smap);
            a.mov(cr4, rax);
            a.stac();
            a.mov(__dword_ptr[rbx], 5);
            a.clac();
            a.mov(ecx, 77);
            a.mov(eax, __[rbx]);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(PageFaultError.Present, guest.ErrorCode);
        Assert.Equal(5ul, guest.Read(Page) & 0xFF);
        Assert.Equal(77ul, guest.Cpu.GetRegisters().General[1]);
    }

    [Fact]
    public void WriteProtect_Off_LetsTheSupervisorWriteReadOnlyPages()
    {
        using var guest = new Guest(engine);
        guest.Map(Page, Page | PageEntry.Present);
        CpuExit exit = guest.Run(a =>
        {
            a.mov(rax, cr0);
            a.btr(rax, 16);
            a.mov(cr0, rax);
            a.mov(rbx, Page);
            a.mov(__dword_ptr[rbx], 9);
        });
        Assert.Equal(CpuExitReason.Halted, exit.Reason);
        Assert.Equal(-1, guest.Vector);
        Assert.Equal(9ul, guest.Read(Page) & 0xFF);
    }

    [Fact]
    public void AccessedAndDirty_AreSetByReadAndWrite()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(rbx, Page);
            a.mov(eax, __[rbx]);
            a.mov(__dword_ptr[rbx + 0x1000], 1);
        });
        Assert.Equal(PageEntry.Accessed, guest.Entry(Page) & (PageEntry.Accessed | PageEntry.Dirty));
        Assert.Equal(PageEntry.Accessed | PageEntry.Dirty, guest.Entry(Page + 0x1000) & (PageEntry.Accessed | PageEntry.Dirty));
        Assert.NotEqual(0ul, guest.Read(Guest.Directory + 8) & PageEntry.Accessed);
    }

    [Fact]
    public void Write_AfterRead_SetsDirtyLater()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(rbx, Page);
            a.mov(eax, __[rbx]);
            a.mov(__dword_ptr[rbx], 1);
        });
        Assert.NotEqual(0ul, guest.Entry(Page) & PageEntry.Dirty);
    }

    [Fact]
    public void LargePages_MapAndFault()
    {
        using var guest = new Guest(engine);
        guest.Write(Guest.Directory + 16, 0x20_0000 | Guest.Rw | PageEntry.Large);
        guest.Write(Guest.Pdpt + 8, Guest.Rw | PageEntry.Large);
        guest.Write(Guest.Directory + 24, 0x20_2000 | Guest.Rw | PageEntry.Large);
        guest.Write(Guest.Data + 0x345, 0x1234);
        guest.Run(a =>
        {
            a.mov(rax, __qword_ptr[0x40_0345]);
            a.mov(rcx, __qword_ptr[0x4020_0345]);
            a.mov(rdx, __qword_ptr[0x60_0000]);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(PageFaultError.Present | PageFaultError.Reserved, guest.ErrorCode);
        Assert.Equal(0x1234ul, guest.Cpu.GetRegisters().General[0]);
        Assert.Equal(0x1234ul, guest.Cpu.GetRegisters().General[1]);
    }

    [Fact]
    public void PageCrossingWrite_SecondPageMissing_WritesNothing()
    {
        using var guest = new Guest(engine);
        guest.Map(Page + 0x1000, 0);
        guest.Run(a =>
        {
            a.mov(rbx, Page + 0xFFC);
            a.mov(rax, -1);
            a.mov(__[rbx], rax);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(Page + 0x1000, guest.Cpu.GetRegisters().Cr2);
        Assert.Equal(0ul, guest.Read(Page + 0xFF8));
    }

    [Fact]
    public void Invlpg_AfterRemap_ReachesTheNewPage()
    {
        using var guest = new Guest(engine);
        guest.Write(Page, 1);
        guest.Write(Page + 0x1000, 2);
        guest.Run(a =>
        {
            a.mov(rbx, Page);
            a.mov(rsi, __[rbx]);
            a.mov(rax, (Page + 0x1000) | Guest.Rw);
            a.mov(__qword_ptr[Guest.Table1 + ((Page >> 12 & 511) * 8)], rax);
            a.invlpg(__[rbx]);
            a.mov(rdi, __[rbx]);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((1ul, 2ul), (r.General[6], r.General[7]));
    }

    [Fact]
    public void Stack_NonCanonical_IsStackFault()
    {
        using var guest = new Guest(engine);
        guest.Gate(12, Guest.Handlers + (12 * 0x20), ist: 1);
        guest.Run(a =>
        {
            a.mov(rsp, 0x1234_0000_0000_0000);
            a.push(rax);
        });
        Assert.Equal(ExceptionVector.StackFault, guest.Vector);
        Assert.Equal(0ul, guest.ErrorCode);
    }

    [Fact]
    public void RepMovs_FaultInTheMiddle_KeepsProgress()
    {
        using var guest = new Guest(engine);
        guest.Map(Page + 0x1000, 0);
        guest.Run(a =>
        {
            a.mov(rsi, Guest.Data);
            a.mov(rdi, Page + 0xF00);
            a.mov(ecx, 0x300);
            a.rep.movsb();
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal((0x200ul, Page + 0x1000, Guest.Data + 0x100), (r.General[1], r.General[7], r.General[6]));
    }
}

public sealed class InterpretedPagingTests() : PagingTests(GuestEngine.Interpreter);

public sealed class TranslatedPagingTests() : PagingTests(GuestEngine.Translator);

public sealed class DirectPagingTests() : PagingTests(GuestEngine.Direct);

public sealed class RelocatedPagingTests() : PagingTests(GuestEngine.Relocated);
