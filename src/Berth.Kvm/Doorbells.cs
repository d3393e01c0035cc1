using Berth.Linux;
using Berth.Machine;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>Writes to doorbells ring on a thread of ours while the processor that wrote goes on in the guest. Spec: [KVM] KVM_IOEVENTFD.</summary>
internal sealed class Doorbells : IDisposable
{
    private readonly Lock _gate = new();
    private readonly KvmMachine _machine;
    private readonly FileDescriptor _epoll = Libc.OpenEpoll(), _stop = Libc.OpenEvent();
    private readonly Dictionary<ulong, Bell> _bells = [];
    private readonly IDisposable _subscription;
    private readonly bool _supported;
    private Thread? _thread;

    private sealed record Bell(FileDescriptor Signal, Action Ring);

    public Doorbells(KvmMachine machine)
    {
        _machine = machine;
        _supported = Libc.TryKvm(machine.Fd, KVM_CHECK_EXTENSION, Libc.KVM_CAP_IOEVENTFD_ANY_LENGTH) > 0;
        Libc.ControlEpoll(_epoll, Libc.EPOLL_CTL_ADD, _stop, Libc.EPOLLIN);
        _subscription = machine.Config.Mmio.Subscribe(Added, Removed);
    }

    private void Added(ulong start, IMmioDevice device)
    {
        if (!_supported || device is not IDoorbells bells) return;
        lock (_gate)
        {
            foreach ((ulong offset, Action ring) in bells.Doorbells) Add(start + offset, ring);
        }
    }

    private void Add(ulong address, Action ring)
    {
        FileDescriptor signal = Libc.OpenEvent();
        if (Libc.TryKvm(_machine.Fd, KVM_IOEVENTFD, ref Request(address, signal, 0)) < 0)
        {
            // KVM has no room for more: the write comes as every other does.
            signal.Dispose();
            return;
        }
        _bells[address] = new(signal, ring);
        Libc.ControlEpoll(_epoll, Libc.EPOLL_CTL_ADD, signal, Libc.EPOLLIN, address);
        if (_thread is not null) return;
        _thread = new Thread(Listen) { IsBackground = true, Name = "doorbells" };
        _thread.Start();
    }

    private void Removed(ulong start, IMmioDevice device)
    {
        if (device is not IDoorbells bells) return;
        lock (_gate)
        {
            foreach ((ulong offset, _) in bells.Doorbells)
            {
                if (!_bells.Remove(start + offset, out Bell? bell)) continue;
                Libc.TryKvm(_machine.Fd, KVM_IOEVENTFD, ref Request(start + offset, bell.Signal, Libc.KVM_IOEVENTFD_FLAG_DEASSIGN));
                // What was rung before the device moved counts.
                if (TakeRing(bell.Signal)) bell.Ring();
                bell.Signal.Dispose();
            }
        }
    }

    private Libc.kvm_ioeventfd _request;

    private ref Libc.kvm_ioeventfd Request(ulong address, FileDescriptor signal, uint flags)
    {
        _request = new() { addr = address, fd = signal.Number, flags = flags };
        return ref _request;
    }

    private static bool TakeRing(FileDescriptor signal)
    {
        Span<byte> counter = stackalloc byte[8];
        return Libc.TryRead(signal, counter) > 0;
    }

    private void Listen()
    {
        Span<Libc.epoll_event> events = stackalloc Libc.epoll_event[16];
        while (true)
        {
            int count = Libc.WaitEpoll(_epoll, events, -1);
            for (int i = 0; i < count; i++)
            {
                if (events[i].data == 0) return;
                Action? ring = null;
                lock (_gate)
                {
                    if (_bells.TryGetValue(events[i].data, out Bell? bell) && TakeRing(bell.Signal)) ring = bell.Ring;
                }
                ring?.Invoke();
            }
        }
    }

    public void Dispose()
    {
        _subscription.Dispose();
        Libc.SignalEvent(_stop);
        _thread?.Join();
        foreach (Bell bell in _bells.Values) bell.Signal.Dispose();
        _epoll.Dispose();
        _stop.Dispose();
    }
}
