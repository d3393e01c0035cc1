using System.Reflection;
using Xunit.v3;

namespace Berth.Kvm.Tests.Guests;

/// <summary>Skips, on a page-table-based KVM, the guests that it treats differently from a processor, with the cause. Its guests' kernels run in an
/// emulator that was made for the few instructions that touch devices. A KVM with hardware behind it gets no such leave.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class KnownDifferencesAttribute : BeforeAfterTestAttribute
{
    private const string Emulator = "its emulator does not know ", Breakpoints = "its emulator ignores ", Checks = "its emulator does not check ";

    // By the name of the test, or of one of its rows.
    private static readonly Dictionary<string, string> s_causes = new()
    {
        ["DataBreakpoint_MetByALoadOfSs_WaitsForOneMore"] = Breakpoints + "data breakpoints",
        ["PortBreakpoint_TrapsAfterTheAccess"] = Breakpoints + "port breakpoints",
        ["WriteBreakpoint_OfEightBytes_MeetsStringStores"] = Breakpoints + "data breakpoints",
        ["CodeBreakpoint_FaultsBefore_DataBreakpointTrapsAfter"] = Breakpoints + "data breakpoints",
        ["TrapFlag_AfterMovSs_WaitsForOneMore"] = Breakpoints + "the shadow of MOV SS for single steps",
        ["Int1_ReportsTheNextAddressWithoutStatus"] = Emulator + "INT1",
        ["Int3_ReportsTheNextAddress"] = Emulator + "INT3",
        ["InterruptStackTable_NonCanonicalStack_IsStackFault"] = Checks + "interrupt stacks: the push faults twice",
        ["Iret_ToABadCodeSegment_IsGeneralProtectionWithItsSelector(selector: 16,"] = "its IRET reports no selector",
        ["SoftwareInterrupt_FromUser_ObeysTheGatesLevel(vector: 128,"] = "its user code has no INT n",
        ["Syscall_AndSysret_RoundTrip"] = "its SYSCALL does not bring the kernel's pages",
        ["Syscall_SwitchedOff_IsUndefined"] = "its SYSCALL works whatever EFER says",
        ["Sysret_NonCanonicalTarget_FaultsInTheKernel"] = Checks + "the target of SYSRET",
        ["Sysenter_AndSysexit_RoundTrip"] = "its user code has no SYSENTER",
        ["Sysenter_WithoutSelector_IsGeneralProtection"] = "its user code has no SYSENTER",
        ["TaskSwitched_MakesFpuAndSseUnavailable"] = Emulator + "x87, SSE and AVX arithmetic",
        ["UnmaskedSimdDivision_RaisesXmWithoutResult"] = Emulator + "SSE arithmetic",
        ["UnmaskedX87Division_ReportsAtTheNextWaitingInstruction"] = Emulator + "x87 arithmetic",
        ["RealMode_InterruptAndIret_UseTheVectorTable"] = "it has no real mode for INT n",
        ["Reset_StartsAtTheResetVector"] = "it cannot run at the reset vector",
        ["LargePages_MapAndFault"] = "it has no 1 GiB pages",
        ["PageCrossingWrite_SecondPageMissing_WritesNothing"] = "its emulator writes the first page before it looks at the second",
        ["Smap_StacOpensAndClacCloses"] = Emulator + "STAC and CLAC",
        ["Avx_NotInXcr0_IsUndefined"] = Emulator + "AVX",
        ["Xsave_SwitchedOff_MakesItsInstructionsUndefined"] = Emulator + "XGETBV",
        ["Xrstor_BadImage_IsGeneralProtection"] = Emulator + "XRSTOR",
        ["ControlRegister_ImpossibleValue_IsGeneralProtection(register: 0, value: 6442450961)"] = Checks + "the upper half of CR0",
        ["FsGsBase_SwitchedOff_IsUndefined"] = "its user code runs with the host's CR4",
        ["TimeStampDisable_HidesTheCounterFromUser"] = "its user code runs with the host's CR4",
        ["Cpuid_ByUserCode_AnswersAsToTheKernel"] = "its user code has the host's CPUID",
        ["IoPrivilege_OfThree_LetsUsersAtPortsAndInterruptFlag"] = "its user code runs with the host's I/O privilege",
        ["Wrmsr_ImpossibleValue_IsGeneralProtection(msr: 374,"] = "it takes any value for SYSENTER_EIP",
        ["Wrmsr_ImpossibleValue_IsGeneralProtection(msr: 631,"] = "it takes any value for PAT",
    };

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (!KvmEngine.IsPageTableBased) return;
        string name = test.TestDisplayName;
        string? cause = s_causes.FirstOrDefault(c => name.Contains('.' + c.Key, StringComparison.Ordinal)).Value;
        if (cause is not null) Assert.Skip($"This host's KVM has no hardware behind it: {cause}");
    }
}
