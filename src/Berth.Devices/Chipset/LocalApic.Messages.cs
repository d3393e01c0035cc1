namespace Berth.Devices.Chipset;

/// <summary>Messages in and out. Spec: [SDM3] 11.6.</summary>
public sealed partial class LocalApic
{
    /// <summary>Whether a message to that destination is for this processor. [SDM3] 11.6.2</summary>
    internal bool Matches(uint destination, bool logical)
    {
        lock (_gate)
        {
            if (destination == ApicBus.Everyone) return true;
            if (!logical) return IsX2Apic ? destination == _initialId : destination == 0xFF || destination == _id;
            if (IsX2Apic) return destination >> 16 == X2ApicLogical >> 16 && (destination & X2ApicLogical & 0xFFFF) != 0;
            uint mine = _logical >> 24;
            if (destination == 0xFF) return true;
            if (_format >> 28 == 0xF) return (destination & mine) != 0;
            return destination >> 4 == mine >> 4 && (destination & mine & 0xF) != 0;
        }
    }

    /// <summary>Takes one message. NMI, INIT and start-up reach the processor even while the APIC is disabled by software.</summary>
    internal void Accept(DeliveryMode mode, byte vector, bool level)
    {
        if (!IsGloballyEnabled && mode != DeliveryMode.Startup && mode != DeliveryMode.Init) return;
        switch (mode)
        {
            case DeliveryMode.Nmi: _signals.RaiseNmi(); break;
            case DeliveryMode.Init: _signals.RaiseInit(); break;
            case DeliveryMode.Startup: _signals.RaiseStartup(vector); break;
            case DeliveryMode.ExternalInterrupt: _signals.RaiseInterrupt(); break;
            case DeliveryMode.Fixed or DeliveryMode.LowestPriority:
                lock (_gate) Request(vector, level);
                break;
        }
    }

    private void Request(byte vector, bool level)
    {
        if ((_spurious & Enabled) == 0) return;
        if (vector < 16)
        {
            RaiseError(ReceiveIllegalVector);
            return;
        }
        Set(ref _tmr, vector, level);
        Set(ref _irr, vector, true);
        _signals.RaiseInterrupt();
    }

    private void RaiseError(uint error)
    {
        bool first = (_gathered & error) == 0;
        _gathered |= error;
        uint entry = _lvt[LvtError - LvtTimer];
        // Not an illegal vector of its own: that would raise the error for ever.
        if (first && (entry & Masked) == 0 && (byte)entry >= 16) Request((byte)entry, level: false);
    }

    /// <summary>Pulses LINT1, where a PC wires its NMI button.</summary>
    public void PulseLint1()
    {
        uint entry = _lvt[Lint1 - LvtTimer];
        if ((entry & Masked) == 0) Accept((DeliveryMode)((entry >> 8) & 7), (byte)entry, level: false);
    }

    private void SendSelf(byte vector)
    {
        lock (_gate)
        {
            if (vector < 16) RaiseError(SendIllegalVector);
            else Request(vector, level: false);
        }
    }

    // [SDM3] 11.6.1. INIT level de-assert does nothing on processors of this kind.
    private void SendCommand()
    {
        ulong command;
        uint destination;
        lock (_gate)
        {
            command = _command;
            destination = IsX2Apic ? (uint)(command >> 32) : (uint)(command >> 56);
            if (!IsX2Apic && destination == 0xFF) destination = ApicBus.Everyone;
        }
        var mode = (DeliveryMode)((command >> 8) & 7);
        byte vector = (byte)command;
        bool logical = (command & 1 << 11) != 0;
        if (mode == DeliveryMode.Init && (command & 0xC000) == 0x8000) return;
        if (mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority && vector < 16)
        {
            lock (_gate) RaiseError(SendIllegalVector);
            return;
        }
        switch ((command >> 18) & 3)
        {
            case 0: _bus.Deliver(new(destination, logical, mode, vector, Level: false), except: null); break;
            case 1: Accept(mode, vector, level: false); break;
            case 2: _bus.Deliver(new(ApicBus.Everyone, false, mode, vector, Level: false), except: null); break;
            default: _bus.Deliver(new(ApicBus.Everyone, false, mode, vector, Level: false), except: this); break;
        }
    }
}
