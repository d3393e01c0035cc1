using Berth.Linux;
using Berth.Machine;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>KVM's table from interrupt numbers to messages: the IOAPIC's pins first, then one for each message with an eventfd of its own.</summary>
/// <remarks>Pins are not driven through it. KVM reads in it which vectors are level-triggered, so that their end is reported. Spec: [KVM] KVM_SET_GSI_ROUTING.</remarks>
internal sealed class GsiRoutes(FileDescriptor machine) : IDisposable
{
    public const int PinCount = 24;

    private const int MaxMessages = 256;
    private readonly Lock _gate = new();
    private readonly (ulong Address, uint Data)?[] _table = new (ulong, uint)?[PinCount + MaxMessages];
    private readonly MessageEvent?[] _events = new MessageEvent?[MaxMessages];
    private bool _disposed;

    public void SetPin(int pin, ulong address, uint data)
    {
        lock (_gate)
        {
            if (_disposed || _table[pin] == (address, data)) return;
            _table[pin] = (address, data);
            Install();
        }
    }

    /// <summary>An eventfd that sends a message without leaving the kernel; null when the table is full.</summary>
    public IMessageRoute? TryConnect(ulong address, uint data)
    {
        lock (_gate)
        {
            int gsi = Array.IndexOf(_table, null, PinCount);
            if (gsi < 0 || _disposed) return null;
            _table[gsi] = (address, data);
            Install();
            FileDescriptor signal = Libc.OpenEvent();
            Assign(signal, gsi, 0);
            return _events[gsi - PinCount] = new MessageEvent(this, signal, gsi);
        }
    }

    private void Disconnect(MessageEvent message)
    {
        lock (_gate)
        {
            if (_disposed || _events[message.Gsi - PinCount] != message) return;
            Assign(message.Signal, message.Gsi, Libc.KVM_IRQFD_FLAG_DEASSIGN);
            message.Signal.Dispose();
            _events[message.Gsi - PinCount] = null;
            _table[message.Gsi] = null;
            Install();
        }
    }

    private void Assign(FileDescriptor signal, int gsi, uint flags)
    {
        Libc.kvm_irqfd request = new() { fd = (uint)signal.Number, gsi = (uint)gsi, flags = flags };
        Libc.Kvm(machine, KVM_IRQFD, ref request);
    }

    // Each call replaces the whole table.
    private unsafe void Install()
    {
        byte[] request = new byte[8 + _table.Length * sizeof(Libc.kvm_irq_routing_entry)];
        // SAFETY: the buffer holds the header and as many entries as the table; entries are copied in whole.
        fixed (byte* pointer = request)
        {
            var entry = (Libc.kvm_irq_routing_entry*)(pointer + 8);
            uint count = 0;
            for (int gsi = 0; gsi < _table.Length; gsi++)
            {
                if (_table[gsi] is not { } message) continue;
                *entry++ = new()
                {
                    gsi = (uint)gsi,
                    type = Libc.KVM_IRQ_ROUTING_MSI,
                    address_lo = (uint)message.Address,
                    address_hi = (uint)(message.Address >> 32),
                    data = message.Data,
                };
                count++;
            }
            *(uint*)pointer = count;
            Libc.Kvm(machine, KVM_SET_GSI_ROUTING, (nint)pointer);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (MessageEvent? message in _events) message?.Signal.Dispose();
        }
    }

    private sealed class MessageEvent(GsiRoutes routes, FileDescriptor signal, int gsi) : IMessageRoute
    {
        public FileDescriptor Signal => signal;

        public int Gsi => gsi;

        public void Send() => Libc.SignalEvent(signal);

        public void Dispose() => routes.Disconnect(this);
    }
}
