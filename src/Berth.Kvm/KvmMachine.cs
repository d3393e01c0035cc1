using Berth.Linux;
using Berth.Machine;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>A machine whose processors and local APICs are KVM's; everything else, the IOAPIC, the 8259 pair and the PIT too, is the board's.</summary>
public sealed class KvmMachine : IVirtualMachine, IInterruptSink
{
    // Three pages and one that Intel processors need inside guest-physical space, where the board has nothing.
    private const long TssAddress = 0xFFFB_D000;
    private const ulong IdentityMapAddress = 0xFFFB_C000;

    private readonly List<IVirtualCpu> _cpus = [];
    private readonly GsiRoutes _routes;
    private readonly int _runLength;
    private bool _disposed;

    internal KvmMachine(FileDescriptor device, VirtualMachineConfig config)
    {
        Config = config;
        _runLength = Libc.Kvm(device, KVM_GET_VCPU_MMAP_SIZE);
        Fd = CreateVm(device);
        try
        {
            _routes = new GsiRoutes(Fd);
            Cpuid = new KvmCpuid(device);
            Msrs = new KvmMsrs(device);
            Prepare();
        }
        catch
        {
            Fd.Dispose();
            throw;
        }
        Watch = new HaltWatch(this);
        Doorbells = new Doorbells(this);
    }

    // Creation is given up when a signal arrives.
    private static FileDescriptor CreateVm(FileDescriptor device)
    {
        int fd;
        while ((fd = Libc.TryKvm(device, KVM_CREATE_VM)) < 0 && Libc.LastErrno == Errno.EINTR) { }
        return fd >= 0 ? new FileDescriptor(fd) : throw new LinuxException("ioctl", Libc.LastErrno, nameof(KVM_CREATE_VM));
    }

    private unsafe void Prepare()
    {
        ulong identityMap = IdentityMapAddress;
        Libc.Kvm(Fd, KVM_SET_IDENTITY_MAP_ADDR, ref identityMap);
        Libc.Kvm(Fd, KVM_SET_TSS_ADDR, unchecked((nint)TssAddress));
        Enable(Libc.KVM_CAP_SPLIT_IRQCHIP, GsiRoutes.PinCount);
        // LINT0 is masked until the guest unmasks it, as on the software processor.
        Enable(Libc.KVM_CAP_DISABLE_QUIRKS2, Libc.KVM_X86_QUIRK_LINT0_REENABLED);
        Enable(Libc.KVM_CAP_X86_USER_SPACE_MSR, Libc.KVM_MSR_EXIT_REASON_FILTER);
        KvmMsrs.InstallFilter(Fd);
        for (int slot = 0; slot < Config.Memory.Regions.Count; slot++) SetSlot(slot, 0);
    }

    private unsafe void Enable(int capability, ulong argument)
    {
        Libc.kvm_enable_cap request = new() { cap = (uint)capability };
        // SAFETY: the array has four entries.
        request.args[0] = argument;
        Libc.Kvm(Fd, KVM_ENABLE_CAP, ref request, $"KVM_ENABLE_CAP {capability}");
    }

    private void SetSlot(int slot, uint flags)
    {
        MemoryRegion region = Config.Memory.Regions[slot];
        Libc.kvm_userspace_memory_region request = new()
        {
            slot = (uint)slot,
            flags = flags,
            guest_phys_addr = region.GuestAddress,
            memory_size = region.Length,
            userspace_addr = (ulong)Config.Memory.HostBase + region.FileOffset,
        };
        Libc.Kvm(Fd, KVM_SET_USER_MEMORY_REGION, ref request);
    }

    internal FileDescriptor Fd { get; }

    internal VirtualMachineConfig Config { get; }

    internal KvmCpuid Cpuid { get; }

    internal KvmMsrs Msrs { get; }

    internal HaltWatch Watch { get; }

    internal Doorbells Doorbells { get; }

    /// <inheritdoc/>
    public IReadOnlyList<IVirtualCpu> Cpus => _cpus;

    /// <inheritdoc/>
    public IInterruptSink Interrupts => this;

    /// <summary>Features of the model that this host's KVM does not offer; guests are not told of them.</summary>
    public IReadOnlyList<string> MissingFeatures => Cpuid.Missing;

    /// <inheritdoc/>
    public IVirtualCpu CreateCpu()
    {
        if (_cpus.Count >= Config.CpuCount) throw new InvalidOperationException($"The machine was configured with {Config.CpuCount} processors.");
        var cpu = new KvmCpu(this, _cpus.Count, _runLength);
        _cpus.Add(cpu);
        return cpu;
    }

    /// <inheritdoc/>
    public void ExternalInterruptChanged()
    {
        if (_cpus.Count > 0 && Config.ExternalInterrupts is { IsPending: true }) ((KvmCpu)_cpus[0]).Poke();
    }

    /// <inheritdoc/>
    public void Send(ulong address, uint data)
    {
        Libc.kvm_msi message = new() { address_lo = (uint)address, address_hi = (uint)(address >> 32), data = data };
        // That nobody takes it is the guest's affair.
        Libc.TryKvm(Fd, KVM_SIGNAL_MSI, ref message);
    }

    /// <inheritdoc/>
    public void Route(int pin, ulong address, uint data) => _routes.SetPin(pin, address, data);

    /// <inheritdoc/>
    public IMessageRoute? Connect(ulong address, uint data) => _routes.TryConnect(address, data);

    /// <summary>Nanoseconds of the guests' paravirtual clock. Set it while no processor runs.</summary>
    public ulong Clock
    {
        get
        {
            Libc.kvm_clock_data clock = default;
            Libc.Kvm(Fd, KVM_GET_CLOCK, ref clock);
            return clock.clock;
        }
        set
        {
            Libc.kvm_clock_data clock = new() { clock = value };
            Libc.Kvm(Fd, KVM_SET_CLOCK, ref clock);
        }
    }

    /// <summary>Starts or stops noting which pages guests write. Devices' own writes are not among them.</summary>
    public void LogDirtyPages(bool on)
    {
        for (int slot = 0; slot < Config.Memory.Regions.Count; slot++) SetSlot(slot, on ? Libc.KVM_MEM_LOG_DIRTY_PAGES : 0);
    }

    /// <summary>Pages written since the last call, one bit each from the region's start, and forgets them.</summary>
    public unsafe ulong[] TakeDirtyPages(int region)
    {
        ulong[] bits = new ulong[((Config.Memory.Regions[region].Length >> GuestMemory.PageShift) + 63) / 64];
        // SAFETY: the kernel writes one bit for each page of the slot, rounded up to 64.
        fixed (ulong* pointer = bits)
        {
            Libc.kvm_dirty_log request = new() { slot = (uint)region, dirty_bitmap = (nint)pointer };
            Libc.Kvm(Fd, KVM_GET_DIRTY_LOG, ref request);
        }
        return bits;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Doorbells.Dispose();
        Watch.Dispose();
        foreach (IVirtualCpu cpu in _cpus) cpu.Dispose();
        _routes.Dispose();
        Fd.Dispose();
    }
}
