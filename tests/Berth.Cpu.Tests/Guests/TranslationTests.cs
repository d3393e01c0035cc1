using Berth.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

/// <summary>Which translations a processor may go on using after a change of tables, and what of the tables is reserved.</summary>
public abstract class TranslationTests(GuestEngine engine)
{
    private const ulong Page = Guest.Data + 0x1_0000, Other = Page + 0x1000;
    private const ulong Pml4B = 0x38_0000, PdptB = 0x38_1000, DirectoryB = 0x38_2000, TableB = 0x38_3000;

    private static ulong PlaceOf(ulong page) => Guest.Table1 + ((page >> 12 & 511) * 8);

    private Guest Create()
    {
        var guest = new Guest(engine);
        guest.Write(Page, 1);
        guest.Write(Other, 2);
        return guest;
    }

    [Fact]
    public void Cr3_Written_ForgetsPages()
    {
        using Guest guest = Create();
        guest.Run(a =>
        {
            a.mov(rbx, Page);
            a.mov(rsi, __[rbx]);
            a.mov(rax, Other | Guest.Rw);
            a.mov(__qword_ptr[PlaceOf(Page)], rax);
            a.mov(rax, cr3);
            a.mov(cr3, rax);
            a.mov(rdi, __[rbx]);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((1ul, 2ul), (r.General[6], r.General[7]));
    }

    [Fact]
    public void PageGlobal_SwitchedOff_ForgetsGlobalPages()
    {
        using Guest guest = Create();
        guest.Map(Page, Page | Guest.Rw | PageEntry.Global);
        guest.Run(a =>
        {
            a.mov(rax, cr4);
            a.or(rax, (int)Cr4.PageGlobal);
            a.mov(cr4, rax);
            a.mov(rbx, Page);
            a.mov(rsi, __[rbx]);
            a.mov(rax, Other | Guest.Rw);
            a.mov(__qword_ptr[PlaceOf(Page)], rax);
            a.mov(rax, cr4);
            a.and(rax, ~(int)Cr4.PageGlobal);
            a.mov(cr4, rax);
            a.mov(rdi, __[rbx]);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((1ul, 2ul), (r.General[6], r.General[7]));
    }

    [Fact]
    public void ProcessContexts_KeptAcrossSwitches_StayApart()
    {
        using Guest guest = Create();
        guest.Write(Pml4B, PdptB | Guest.Rw | Guest.User);
        guest.Write(PdptB, DirectoryB | Guest.Rw | Guest.User);
        guest.Write(DirectoryB, Guest.Table0 | Guest.Rw | Guest.User);
        guest.Write(DirectoryB + 8, TableB | Guest.Rw | Guest.User);
        for (ulong i = 0; i < 512; i++) guest.Write(TableB + i * 8, guest.Read(Guest.Table1 + i * 8));
        guest.Write(TableB + (PlaceOf(Page) - Guest.Table1), Other | Guest.Rw);
        guest.Run(a =>
        {
            a.mov(rax, cr4);
            a.or(rax, (int)Cr4.Pcid);
            a.mov(cr4, rax);
            a.mov(rbx, Page);
            foreach ((ulong cr3Value, var target) in new[] { (Guest.Pml4 | 1, rsi), (Pml4B | 2, rdi), (Guest.Pml4 | 1 | 1UL << 63, r8), (Pml4B | 2 | 1UL << 63, r9) })
            {
                a.mov(rax, cr3Value);
                a.mov(cr3, rax);
                a.mov(target, __[rbx]);
            }
            a.mov(r10, cr3);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal(-1, guest.Vector);
        Assert.Equal((1ul, 2ul, 1ul, 2ul, Pml4B | 2), (r.General[6], r.General[7], r.General[8], r.General[9], r.General[10]));
    }

    [Fact]
    public void Invpcid_OfOneAddress_ReachesTheNewPage()
    {
        using Guest guest = Create();
        guest.Write(Guest.Data + 8, Page);
        guest.Run(a =>
        {
            a.mov(rbx, Page);
            a.mov(rsi, __[rbx]);
            a.mov(rax, Other | Guest.Rw);
            a.mov(__qword_ptr[PlaceOf(Page)], rax);
            a.xor(ecx, ecx);
            a.invpcid(rcx, __xmmword_ptr[Guest.Data]);
            a.mov(rdi, __[rbx]);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((1ul, 2ul), (r.General[6], r.General[7]));
    }

    [Theory]
    [InlineData(4, 0UL, 0UL)]
    [InlineData(0, 0x1000UL, 0UL)]
    [InlineData(0, 0UL, 0x8000_0000_0000UL)]
    [InlineData(1, 1UL, 0UL)]
    public void Invpcid_BadDescriptor_IsGeneralProtection(int type, ulong pcid, ulong address)
    {
        using var guest = new Guest(engine);
        guest.Write(Guest.Data, pcid);
        guest.Write(Guest.Data + 8, address);
        guest.Run(a =>
        {
            a.mov(ecx, type);
            a.invpcid(rcx, __xmmword_ptr[Guest.Data]);
        });
        Assert.Equal((ExceptionVector.GeneralProtection, 0ul), ((byte)guest.Vector, guest.ErrorCode));
    }

    [Theory]
    [InlineData(Guest.Pml4 + 8, Guest.Pdpt | PageEntry.Large, 0x80_0000_0000L)]
    [InlineData(Guest.Pml4 + 8, Guest.Pdpt | 1UL << 51, 0x80_0000_0000L)]
    [InlineData(Guest.Pdpt + 16, Guest.Directory | 1UL << 50, 0x8000_0000L)]
    [InlineData(Guest.Pdpt + 16, PageEntry.Large | 1UL << 13, 0x8000_0000L)]
    [InlineData(Guest.Directory + 16, Guest.Table1 | 1UL << 50, 0x40_0000L)]
    public void ReservedBit_AtAnyLevel_FaultsWithItsCode(ulong place, ulong entry, long address)
    {
        using var guest = new Guest(engine);
        guest.Write(place, entry | Guest.Rw);
        guest.Run(a =>
        {
            a.mov(rbx, address);
            a.mov(__[rbx], eax);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(PageFaultError.Present | PageFaultError.Write | PageFaultError.Reserved, guest.ErrorCode);
        Assert.Equal((ulong)address, guest.Cpu.GetRegisters().Cr2);
    }

    [Fact]
    public void NoExecuteBit_WithoutItsFeature_IsReserved()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Efer &= ~Efer.NoExecute;
        guest.Cpu.SetRegisters(r);
        guest.Map(Page, Page | Guest.Rw | PageEntry.NoExecute);
        guest.Run(a => a.mov(eax, __dword_ptr[Page]));
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(PageFaultError.Present | PageFaultError.Reserved, guest.ErrorCode);
    }

    [Fact]
    public void Execute_NoExecutePageFromUser_FaultsWithUserBit()
    {
        using var guest = new Guest(engine);
        guest.Map(Page, Page | Guest.Rw | Guest.User | PageEntry.NoExecute);
        guest.RunUser(a =>
        {
            a.mov(rbx, Page);
            a.jmp(rbx);
        });
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(PageFaultError.Present | PageFaultError.User | PageFaultError.Instruction, guest.ErrorCode);
    }

    /// <summary>[SDM3] 4.6.1: what the processor reads of tables by itself is not opened by AC.</summary>
    [Fact]
    public void Smap_DescriptorTableInUserPage_FaultsInSpiteOfAc()
    {
        using var guest = new Guest(engine);
        const ulong table = 0x28_0FC0; // the selectors from 0x40 on lie in the next page
        for (ulong i = 0; i < 0x50; i += 8) guest.Write(table + i, guest.Read(Guest.Gdt + i));
        guest.Map(0x28_1000, 0x28_1000 | Guest.Rw | Guest.User);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Gdt = new(table, 0x4F);
        r.Cr4 |= Cr4.Smap;
        guest.Cpu.SetRegisters(r);
        guest.Run(a =>
        {
            a.stac();
            a.mov(eax, Guest.Data32);
            a.mov(ds, ax);
        });
        Assert.Equal((ExceptionVector.PageFault, (ulong)PageFaultError.Present), ((byte)guest.Vector, guest.ErrorCode));
        Assert.Equal(table + Guest.Data32, guest.Cpu.GetRegisters().Cr2);
    }

    [Fact]
    public void FailedAccess_LeavesDirtyAlone()
    {
        using var guest = new Guest(engine);
        guest.Map(Page, Page | PageEntry.Present);
        guest.Run(a => a.mov(__dword_ptr[Page], eax));
        Assert.Equal(ExceptionVector.PageFault, guest.Vector);
        Assert.Equal(0ul, guest.Entry(Page) & PageEntry.Dirty);
    }
}

public sealed class InterpretedTranslationTests() : TranslationTests(GuestEngine.Interpreter);

public sealed class TranslatedTranslationTests() : TranslationTests(GuestEngine.Translator);

public sealed class DirectTranslationTests() : TranslationTests(GuestEngine.Direct);

public sealed class RelocatedTranslationTests() : TranslationTests(GuestEngine.Relocated);
