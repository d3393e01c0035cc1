using System.Buffers.Binary;
using System.Numerics;
using Berth.Devices.Pci;
using Berth.Machine;

namespace Berth.Devices.Virtio;

/// <summary>The virtio 1.x transport over PCI. Spec: [VIRTIO] 4.1.</summary>
public sealed class VirtioPciFunction : PciFunction, IMmioDevice, IDoorbells, IVirtioHost
{
    // Parts of region 0.
    private const int CommonOffset = 0, IsrOffset = 0x1000, DeviceOffset = 0x2000, NotifyOffset = 0x3000, PartLength = 0x1000, RegionLength = 0x4000;
    private const int NotifyMultiplier = 4;

    // [VIRTIO] 4.1.4
    private const byte VendorCapability = 9, MsixCapability = 0x11;
    private const byte CommonType = 1, NotifyType = 2, IsrType = 3, DeviceType = 4, AccessType = 5;

    // [VIRTIO] 2.1
    private const byte DriverOk = 4, FeaturesOk = 8, NeedsReset = 64;
    private const byte QueueInterrupt = 1, ConfigInterrupt = 2;
    private const ushort NoVector = 0xFFFF;

    private const ulong IndirectDescriptors = 1UL << 28, EventIndex = 1UL << 29, Version1 = 1UL << 32, RingReset = 1UL << 40;

    /// <summary>Everything the guest can see, without queues, configuration space and MSI-X.</summary>
    public record struct Registers
    {
        /// <summary>Which 32 feature bits of the device show.</summary>
        public uint DeviceFeatureSelect { get; set; }

        /// <summary>Which 32 feature bits of the driver show.</summary>
        public uint DriverFeatureSelect { get; set; }

        /// <summary>Features the driver has accepted.</summary>
        public ulong DriverFeatures { get; set; }

        /// <summary>MSI-X vector for configuration changes.</summary>
        public ushort ConfigVector { get; set; }

        /// <summary>Queue that the queue registers show.</summary>
        public ushort QueueSelect { get; set; }

        /// <summary>Device status.</summary>
        public byte Status { get; set; }

        /// <summary>Interrupt status.</summary>
        public byte Isr { get; set; }

        /// <summary>Raised with each change of device configuration.</summary>
        public byte Generation { get; set; }
    }

    private readonly Lock _gate = new();
    private readonly IVirtioDevice _device;
    private readonly Virtqueue[] _queues;
    private readonly MsixTable _msix;
    private readonly Action<Action> _run;
    private readonly int _msixAt;
    private readonly int _accessAt;
    private Registers _s = new() { ConfigVector = NoVector };
    private long _pending;
    private int _running;
    private bool _stopped;

    /// <summary>Puts a device behind the transport. <paramref name="run"/> starts work; the thread pool does so by default.</summary>
    public VirtioPciFunction(IVirtioDevice device, GuestMemory memory, IMessageInterrupts messages, IInterruptLine? line, Action<Action>? run = null)
        : base(Identity(device), line)
    {
        ArgumentNullException.ThrowIfNull(device);
        (_device, Memory) = (device, memory);
        _run = run ?? (work => ThreadPool.UnsafeQueueUserWorkItem(static w => ((Action)w!)(), work));
        _queues = [.. device.QueueSizes.Select(size => new Virtqueue(memory, size))];
        Doorbells = [.. _queues.Select((_, i) => ((ulong)(NotifyOffset + i * NotifyMultiplier), (Action)(() => Schedule(i))))];
        _msix = new(_queues.Length + 1, messages);
        AddBar(new(0, RegionLength, this, Is64Bit: false));
        AddBar(new(1, MsixTable.Length, _msix, Is64Bit: false));
        AddVirtioCapability(CommonType, CommonOffset, PartLength);
        AddVirtioCapability(IsrType, IsrOffset, PartLength);
        AddVirtioCapability(DeviceType, DeviceOffset, PartLength);
        AddVirtioCapability(NotifyType, NotifyOffset, PartLength, [NotifyMultiplier, 0, 0, 0]);
        _accessAt = AddVirtioCapability(AccessType, 0, 0, [0, 0, 0, 0], writable: true);
        byte[] msix = [(byte)(_msix.Count - 1), 0, 1, 0, 0, 0, 1, (byte)(MsixTable.PendingOffset >> 8), 0, 0];
        _msixAt = AddCapability(MsixCapability, msix, [0, 0xC0]);
        device.Connect(this);
    }

    private static PciIdentity Identity(IVirtioDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new(0x1AF4, (ushort)(0x1040 + device.DeviceId), device.ClassCode, Revision: 1, 0x1AF4, 0x1100);
    }

    private int AddVirtioCapability(byte type, uint offset, uint length, ReadOnlySpan<byte> extra = default, bool writable = false)
    {
        // Behind id and next: length, type, region, id, padding, offset, length.
        Span<byte> body = stackalloc byte[14 + extra.Length], mask = stackalloc byte[14 + extra.Length];
        body[0] = (byte)(body.Length + 2);
        body[1] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(body[6..], offset);
        BinaryPrimitives.WriteUInt32LittleEndian(body[10..], length);
        extra.CopyTo(body[14..]);
        if (writable) mask[6..].Fill(0xFF);
        return AddCapability(VendorCapability, body, mask);
    }

    /// <inheritdoc/>
    public GuestMemory Memory { get; }

    /// <summary>The transport's own registers.</summary>
    public Registers Transport
    {
        get { lock (_gate) return _s; }
        set { lock (_gate) _s = value; }
    }

    /// <summary>The vectors.</summary>
    public MsixTable Msix => _msix;

    /// <inheritdoc/>
    public IReadOnlyList<(ulong Offset, Action Ring)> Doorbells { get; }

    /// <inheritdoc/>
    public Virtqueue Queue(int index) => _queues[index];

    private ulong Offered => (_device.Features & 0xFF_FFFF) | IndirectDescriptors | EventIndex | Version1 | RingReset;

    /// <inheritdoc/>
    public override void Reset()
    {
        lock (_gate)
        {
            ResetDevice();
            _msix.Reset();
        }
        base.Reset();
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        // Devices touch memory, and raise interrupts, under the gate only.
        lock (_gate) _stopped = true;
    }

    private void ResetDevice()
    {
        _device.Reset();
        foreach (Virtqueue queue in _queues) queue.Reset();
        _s = new() { ConfigVector = NoVector, Generation = _s.Generation };
        Interlocked.Exchange(ref _pending, 0);
        SetInterrupt(false);
    }

    /// <inheritdoc/>
    public void Schedule(int queue)
    {
        Interlocked.Or(ref _pending, 1L << queue);
        if (Interlocked.Exchange(ref _running, 1) == 0) _run(Work);
    }

    /// <inheritdoc/>
    public void ConfigChanged()
    {
        lock (_gate)
        {
            _s.Generation++;
            if ((_s.Status & DriverOk) != 0) Interrupt(_s.ConfigVector, ConfigInterrupt);
        }
    }

    // One worker at a time; each turn serves every pending queue once, then lets vCPUs at the registers.
    private void Work()
    {
        do
        {
            long pending = Interlocked.Exchange(ref _pending, 0);
            while (pending != 0)
            {
                int queue = BitOperations.TrailingZeroCount(pending);
                pending &= pending - 1;
                lock (_gate) Serve(queue);
            }
            Volatile.Write(ref _running, 0);
            Interlocked.MemoryBarrier();
        }
        while (Volatile.Read(ref _pending) != 0 && Interlocked.Exchange(ref _running, 1) == 0);
    }

    private void Serve(int index)
    {
        if (_stopped || (_s.Status & (DriverOk | NeedsReset)) != DriverOk || !IsBusMaster) return;
        Virtqueue queue = _queues[index];
        bool more = queue.IsUsable && _device.Process(index);
        foreach (Virtqueue q in _queues)
        {
            if (q.TakeInterrupt()) Interrupt(q.State.Vector, QueueInterrupt);
            if (q.State.Broken) Fail();
        }
        if (more) Interlocked.Or(ref _pending, 1L << index);
    }

    private void Fail()
    {
        if ((_s.Status & NeedsReset) != 0) return;
        _s.Status |= NeedsReset;
        Interrupt(_s.ConfigVector, ConfigInterrupt);
    }

    private void Interrupt(ushort vector, byte isr)
    {
        // Taken off the bus, it has no wires; a line left up would be its neighbours' too.
        if (_stopped) return;
        if (_msix.IsEnabled)
        {
            if (vector != NoVector && IsBusMaster) _msix.Raise(vector);
            return;
        }
        _s.Isr |= isr;
        SetInterrupt(true);
    }

    /// <inheritdoc/>
    public ulong ReadMmio(ulong offset, int size)
    {
        lock (_gate)
        {
            int part = (int)offset & ~(PartLength - 1), at = (int)offset & (PartLength - 1);
            Span<byte> bytes = stackalloc byte[8];
            if (part == DeviceOffset) _device.ReadConfig(at, bytes[..size]);
            else if (part == CommonOffset) return ReadCommon(at) >> (8 * (at & 3)) | (size == 8 ? (ulong)ReadCommon(at + 4) << 32 : 0);
            else if (part == IsrOffset && at == 0)
            {
                bytes[0] = _s.Isr;
                _s.Isr = 0;
                SetInterrupt(false);
            }
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
    }

    private Virtqueue? Selected => _s.QueueSelect < _queues.Length ? _queues[_s.QueueSelect] : null;

    // [VIRTIO] 4.1.4.3, the aligned 32 bits that hold a byte.
    private uint ReadCommon(int offset)
    {
        Virtqueue.Registers q = Selected?.State ?? default;
        return (offset & ~3) switch
        {
            0x00 => _s.DeviceFeatureSelect,
            0x04 => _s.DeviceFeatureSelect < 2 ? (uint)(Offered >> (32 * (int)_s.DeviceFeatureSelect)) : 0,
            0x08 => _s.DriverFeatureSelect,
            0x0C => _s.DriverFeatureSelect < 2 ? (uint)(_s.DriverFeatures >> (32 * (int)_s.DriverFeatureSelect)) : 0,
            0x10 => _s.ConfigVector | (uint)_queues.Length << 16,
            0x14 => _s.Status | (uint)_s.Generation << 8 | (uint)_s.QueueSelect << 16,
            0x18 => q.Size | (uint)(Selected is null ? NoVector : q.Vector) << 16,
            0x1C => (q.Ready ? 1u : 0) | (uint)_s.QueueSelect << 16,
            0x20 => (uint)q.Descriptors,
            0x24 => (uint)(q.Descriptors >> 32),
            0x28 => (uint)q.Available,
            0x2C => (uint)(q.Available >> 32),
            0x30 => (uint)q.Used,
            0x34 => (uint)(q.Used >> 32),
            _ => 0,
        };
    }

    /// <inheritdoc/>
    public void WriteMmio(ulong offset, int size, ulong value)
    {
        int part = (int)offset & ~(PartLength - 1), at = (int)offset & (PartLength - 1);
        if (part == NotifyOffset)
        {
            int index = at / NotifyMultiplier;
            if (index < _queues.Length) Schedule(index);
            return;
        }
        lock (_gate)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            if (part == DeviceOffset) _device.WriteConfig(at, bytes[..size]);
            else if (part == CommonOffset && size == 8)
            {
                WriteCommon(at, (uint)value);
                WriteCommon(at + 4, (uint)(value >> 32));
            }
            else if (part == CommonOffset) WriteCommon(at, (uint)(size == 4 ? value : value & (1u << (8 * size)) - 1));
        }
    }

    private void WriteCommon(int offset, uint value)
    {
        switch (offset)
        {
            case 0x00: _s.DeviceFeatureSelect = value; return;
            case 0x08: _s.DriverFeatureSelect = value; return;
            case 0x0C:
                if ((_s.Status & FeaturesOk) != 0 || _s.DriverFeatureSelect > 1) return;
                int shift = 32 * (int)_s.DriverFeatureSelect;
                _s.DriverFeatures = (_s.DriverFeatures & ~(0xFFFF_FFFFUL << shift)) | (ulong)value << shift;
                return;
            case 0x10: _s.ConfigVector = CheckVector(value); return;
            case 0x14: WriteStatus((byte)value); return;
            case 0x16: _s.QueueSelect = (ushort)value; return;
        }
        if (Selected is { } queue) WriteQueue(queue, offset, value);
    }

    private ushort CheckVector(uint value) => (ushort)value < _msix.Count ? (ushort)value : NoVector;

    private void WriteStatus(byte value)
    {
        if (value == 0)
        {
            ResetDevice();
            return;
        }
        // Bits are only added. FEATURES_OK stays off if the driver took what was not offered, DRIVER_OK without FEATURES_OK.
        byte status = (byte)(_s.Status | (value & 0x8F));
        bool acceptable = (_s.DriverFeatures & ~Offered) == 0 && (_s.DriverFeatures & Version1) != 0;
        if ((_s.Status & FeaturesOk) == 0 && !acceptable) status &= 0xFF & ~FeaturesOk;
        if ((status & FeaturesOk) == 0) status &= 0xFF & ~DriverOk;
        bool start = (status & ~_s.Status & DriverOk) != 0;
        _s.Status = status;
        if (!start) return;
        _device.Start(_s.DriverFeatures);
        for (int i = 0; i < _queues.Length; i++) Schedule(i);
    }

    private void WriteQueue(Virtqueue queue, int offset, uint value)
    {
        Virtqueue.Registers q = queue.State;
        switch (offset)
        {
            case 0x1A: queue.State = q with { Vector = CheckVector(value) }; return;
            case 0x1C when value == 1 && !q.Ready && (_s.Status & FeaturesOk) != 0:
                if (!queue.TryEnable((_s.DriverFeatures & EventIndex) != 0)) Fail();
                else if ((_s.Status & DriverOk) != 0) Schedule(_s.QueueSelect);
                return;
            case 0x3A when value == 1 && (_s.DriverFeatures & RingReset) != 0:
                queue.Reset();
                return;
        }
        // Where the rings lie is settled once the queue is enabled.
        if (q.Ready) return;
        queue.State = offset switch
        {
            0x18 => q with { Size = (ushort)value },
            0x20 => q with { Descriptors = (q.Descriptors & ~0xFFFF_FFFFUL) | value },
            0x24 => q with { Descriptors = (uint)q.Descriptors | (ulong)value << 32 },
            0x28 => q with { Available = (q.Available & ~0xFFFF_FFFFUL) | value },
            0x2C => q with { Available = (uint)q.Available | (ulong)value << 32 },
            0x30 => q with { Used = (q.Used & ~0xFFFF_FFFFUL) | value },
            0x34 => q with { Used = (uint)q.Used | (ulong)value << 32 },
            _ => q,
        };
    }

    // Configuration space can stand in for region 0 before it is mapped. [VIRTIO] 4.1.4.9
    private bool IsAccess(int offset, out ulong target, out int size)
    {
        uint length = DoubleWord(_accessAt + 12), at = DoubleWord(_accessAt + 8);
        (target, size) = (at, (int)Math.Min(length, 8));
        bool whole = length is 1 or 2 or 4 && at % length == 0 && at + length <= RegionLength && (State[_accessAt + 4] == 0);
        return offset == _accessAt + 16 && whole;
    }

    /// <inheritdoc/>
    public override uint ReadConfiguration(int offset, int size) =>
        IsAccess(offset, out ulong target, out int length) ? (uint)ReadMmio(target, length) : base.ReadConfiguration(offset, size);

    /// <inheritdoc/>
    public override void WriteConfiguration(int offset, int size, uint value)
    {
        base.WriteConfiguration(offset, size, value);
        if (IsAccess(offset, out ulong target, out int length)) WriteMmio(target, length, value);
        if (offset < _msixAt + 4 && offset + size > _msixAt + 2) _msix.SetControl(Word(_msixAt + 2));
    }
}
