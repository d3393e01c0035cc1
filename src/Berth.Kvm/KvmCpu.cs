using System.Runtime.CompilerServices;
using Berth.Linux;
using Berth.Machine;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>One processor of KVM's. Spec: [KVM] KVM_RUN and struct kvm_run.</summary>
public sealed unsafe partial class KvmCpu : IVirtualCpu
{
    // Requests of other threads.
    private const int KickRequest = 1, LookRequest = 2, PokeRequest = 4;

    // The runtime has the first real-time signal for itself.
    private static readonly int s_signal = InstallSignal();

    private readonly KvmMachine _machine;
    private readonly Libc.kvm_run* _run;
    private readonly int _runLength;
    private readonly PortBus _ports;
    private readonly MmioBus _mmio;
    private int _requests;
    private int _inside;
    private int _thread;
    private bool _incomplete; // the last exit's instruction ends at the next entry
    private bool _disposed;

    internal KvmCpu(KvmMachine machine, int index, int runLength)
    {
        (_machine, Index, _runLength) = (machine, index, runLength);
        (_ports, _mmio) = (machine.Config.Ports, machine.Config.Mmio);
        Fd = new FileDescriptor(Libc.Kvm(machine.Fd, KVM_CREATE_VCPU, index));
        // SAFETY: the mapping is as long as KVM says and lives until Dispose.
        _run = (Libc.kvm_run*)Libc.Map(Fd, 0, runLength, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED);
        Prepare();
    }

    private static int InstallSignal()
    {
        const int signal = Libc.SIGRTMIN + 1;
        Libc.InstallInterruptingSignal(signal);
        return signal;
    }

    /// <inheritdoc/>
    public int Index { get; }

    private FileDescriptor Fd { get; }

    /// <inheritdoc/>
    public CpuExit Run()
    {
        Volatile.Write(ref _thread, Libc.ThreadId);
        _machine.Watch.Begin();
        try
        {
            while (true)
            {
                if (Requests() is { } stop) return stop;
                if (Index == 0 && _machine.Config.ExternalInterrupts is { } pic) InjectExternal(pic);
                Errno errno = Enter();
                if (errno is Errno.EINTR or Errno.EAGAIN) continue;
                CpuExit? exit = errno == Errno.None ? Handle() : Failed($"KVM_RUN: {errno.Describe()}");
                if (exit is { } end) return end;
            }
        }
        finally
        {
            _machine.Watch.End();
            Volatile.Write(ref _thread, 0);
        }
    }

    private Errno Enter()
    {
        Volatile.Write(ref _inside, 1);
        _run->immediate_exit = 0;
        // A request that is not seen here finds the processor inside, and its flag comes after ours.
        Interlocked.MemoryBarrier();
        Errno errno = Errno.EINTR;
        if (Volatile.Read(ref _requests) == 0)
        {
            errno = Libc.TryKvm(Fd, KVM_RUN) < 0 ? Libc.LastErrno : Errno.None;
            _incomplete = false;
        }
        Volatile.Write(ref _inside, 0);
        return errno;
    }

    private void Request(int request)
    {
        Interlocked.Or(ref _requests, request);
        _run->immediate_exit = 1;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _inside) != 0 && Volatile.Read(ref _thread) is not 0 and var thread) Libc.SignalThread(thread, s_signal);
    }

    /// <inheritdoc/>
    public void Kick() => Request(KickRequest);

    /// <summary>Makes the processor look at the 8259 pair.</summary>
    internal void Poke() => Request(PokeRequest);

    /// <summary>Makes the processor find out whether it has halted for good.</summary>
    internal void Look() => Request(LookRequest);

    private CpuExit? Requests()
    {
        int requests = Volatile.Read(ref _requests);
        if (requests == 0) return null;
        Interlocked.And(ref _requests, ~requests);
        if ((requests & KickRequest) != 0)
        {
            Complete();
            return new(CpuExitReason.Kicked);
        }
        if ((requests & LookRequest) == 0) return null;
        if (_run->if_flag == 0 && !_incomplete && Activity == CpuActivity.Halted) return new(CpuExitReason.Halted);
        _machine.Watch.Again();
        return null;
    }

    // KVM takes the vector of the 8259 pair only when it can deliver it at once, and says when that will be.
    private void InjectExternal(IExternalInterrupts pic)
    {
        if (!pic.IsPending)
        {
            _run->request_interrupt_window = 0;
            return;
        }
        if (_run->ready_for_interrupt_injection != 0)
        {
            Libc.kvm_interrupt interrupt = new() { irq = pic.Acknowledge() };
            Libc.Kvm(Fd, KVM_INTERRUPT, ref interrupt);
            _run->ready_for_interrupt_injection = 0;
        }
        _run->request_interrupt_window = pic.IsPending ? (byte)1 : (byte)0;
    }

    private CpuExit? Handle()
    {
        switch (_run->exit_reason)
        {
            case Libc.KVM_EXIT_IO: HandlePorts(); break;
            case Libc.KVM_EXIT_MMIO: HandleMmio(); break;
            case Libc.KVM_EXIT_X86_RDMSR:
                _run->msr_error = KvmMsrs.TryRead(_run->msr_index, out ulong value) ? (byte)0 : (byte)1;
                _run->msr_data = value;
                _incomplete = true;
                break;
            case Libc.KVM_EXIT_X86_WRMSR:
                _run->msr_error = KvmMsrs.TryWrite(_run->msr_index, _run->msr_data) ? (byte)0 : (byte)1;
                _incomplete = true;
                break;
            case Libc.KVM_EXIT_IOAPIC_EOI: _machine.Config.EndOfInterrupt?.Invoke(_run->eoi_vector); break;
            case Libc.KVM_EXIT_INTR or Libc.KVM_EXIT_IRQ_WINDOW_OPEN: break;
            case Libc.KVM_EXIT_HLT: return new(CpuExitReason.Halted);
            case Libc.KVM_EXIT_SHUTDOWN: return new(CpuExitReason.Shutdown, "triple fault");
            case Libc.KVM_EXIT_FAIL_ENTRY: return Failed($"the host's processor refused the guest's state, reason {_run->hardware_reason:x}");
            case Libc.KVM_EXIT_INTERNAL_ERROR: return Failed(InternalError());
            case Libc.KVM_EXIT_SYSTEM_EVENT: return Failed($"KVM reports system event {_run->system_event_type}");
            case uint other: return Failed($"KVM stopped the processor for a reason that is not known here, {other}");
        }
        return null;
    }

    private void HandlePorts()
    {
        // SAFETY: KVM places the data inside the mapping; that is checked, for its own sake, before it is followed.
        int size = _run->io_size;
        ulong length = (ulong)size * _run->io_count, offset = _run->io_data_offset;
        if (size is not (1 or 2 or 4) || offset > (ulong)_runLength || length > (ulong)_runLength - offset) throw new InvalidOperationException("KVM's port exit lies outside its page.");
        byte* data = (byte*)_run + offset;
        ushort port = _run->io_port;
        for (uint i = 0; i < _run->io_count; i++, data += size)
        {
            if (_run->io_direction == Libc.KVM_EXIT_IO_OUT)
                _ports.Write(port, size, size switch { 1 => *data, 2 => Unsafe.ReadUnaligned<ushort>(data), _ => Unsafe.ReadUnaligned<uint>(data) });
            else
            {
                uint value = _ports.Read(port, size);
                if (size == 1) *data = (byte)value;
                else if (size == 2) Unsafe.WriteUnaligned(data, (ushort)value);
                else Unsafe.WriteUnaligned(data, value);
            }
        }
        _incomplete = true;
    }

    private void HandleMmio()
    {
        ulong address = _run->mmio_phys_addr;
        int length = (int)Math.Min(_run->mmio_len, 8);
        // SAFETY: the array has eight bytes.
        ulong* data = (ulong*)_run->mmio_data;
        bool whole = length is 1 or 2 or 4 or 8;
        if (_run->mmio_is_write != 0)
        {
            ulong value = *data;
            if (whole) _mmio.Write(address, length, value);
            else for (int i = 0; i < length; i++) _mmio.Write(address + (ulong)i, 1, (byte)(value >> (8 * i)));
        }
        else if (whole) *data = _mmio.Read(address, length);
        else for (int i = 0; i < length; i++) _run->mmio_data[i] = (byte)_mmio.Read(address + (ulong)i, 1);
        _incomplete = true;
    }

    // An access to a device has changed the device, but not yet the processor: that happens on entry, before any guest code.
    private void Complete()
    {
        while (_incomplete)
        {
            _run->immediate_exit = 1;
            _incomplete = false;
            if (Libc.TryKvm(Fd, KVM_RUN) == 0 && Handle() is not null) return;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Libc.Unmap((nint)_run, _runLength);
        Fd.Dispose();
    }
}
