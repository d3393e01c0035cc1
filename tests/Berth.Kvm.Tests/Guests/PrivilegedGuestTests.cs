using Berth.Cpu.Tests.Guests;

namespace Berth.Kvm.Tests.Guests;

// The guests of the software processor, each with the same results.

[KnownDifferences]
public sealed class KvmPrivilegeTests() : PrivilegeTests(KvmEngine.Instance);

[KnownDifferences]
public sealed class KvmExceptionTests() : ExceptionTests(KvmEngine.Instance);

[KnownDifferences]
public sealed class KvmDebugTests() : DebugTests(KvmEngine.Instance);

[KnownDifferences]
public sealed class KvmPagingTests() : PagingTests(KvmEngine.Instance);

[KnownDifferences]
public sealed class KvmModeTests() : ModeTests(KvmEngine.Instance);

[KnownDifferences]
public sealed class KvmSelfModifyingTests() : SelfModifyingTests(KvmEngine.Instance);
