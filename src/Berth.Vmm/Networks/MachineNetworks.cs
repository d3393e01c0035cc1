using Berth.Guest;
using Berth.Linux;
using Berth.Vmm.Boards;
using Berth.Vmm.Clients;
using Berth.Vmm.Control;

namespace Berth.Vmm.Networks;

/// <summary>
/// The machine's network cards through its life: those it was started with, and those that come and go while it runs. One change at a time. The
/// wire is the host's: it is cut whether the guest agrees or not. The card goes when the guest has let go of it, or with the board.
/// </summary>
internal sealed class MachineNetworks : IDisposable
{
    private readonly MachineAccess _access;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<NetworkCard> _cards = [];

    // Slots of cards without a wire that the guest has not let go of.
    private readonly List<int> _left = [];
    private Board? _board;

    /// <summary>The cards the machine starts with, each with a tap that this process was given open.</summary>
    public MachineNetworks(MachineConfig config, MachineAccess access)
    {
        (_access, Hosts, Resolver) = (access, config.Hosts, config.ResolverConfiguration);
        foreach (NetworkCardConfig card in config.Networks) _cards.Add(NetworkCard.Create(card, new FileDescriptor(card.Descriptor)));
    }

    /// <summary>Longest wait for a guest that boots.</summary>
    public TimeSpan BootPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest wait for the agent's answer.</summary>
    public TimeSpan AnswerPatience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Content of the guest's /etc/hosts.</summary>
    public string Hosts { get; private set; }

    /// <summary>Content of the guest's /etc/resolv.conf.</summary>
    public string Resolver { get; private set; }

    /// <summary>What the guest is told of its cards.</summary>
    public IReadOnlyList<NetworkCardConfig> Configs => [.. _cards.Select(static c => c.Config)];

    /// <summary>A board with the cards of now; from here on changes go to it. What it says of itself belongs to the same moment.</summary>
    public async Task<(Board Board, MachineConfig Config)> BootAsync(MachineConfig config, Func<IReadOnlyList<NetworkCard>, Board> make)
    {
        await _turn.WaitAsync();
        try
        {
            _left.Clear();
            return (_board = make(_cards), config with { Networks = Configs, Hosts = Hosts, ResolverConfiguration = Resolver });
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Adds a card that owns the tap from now on, and waits until the guest has set it up. One of that name is replaced.</summary>
    /// <exception cref="IOException">The guest does not boot or answer, or cannot have it; nothing of it is left on the host.</exception>
    /// <exception cref="ArgumentException">The configuration cannot be.</exception>
    public void Plug(NetworkCardConfig config, FileDescriptor tap)
    {
        NetworkCard card = NetworkCard.Create(config, tap);
        bool kept = false;
        try
        {
            WithAgent((board, agent) =>
            {
                if (_cards.Find(c => c.Config.Name == config.Name) is { } old) Cut(old);
                foreach (int slot in _left.ToArray()) Release(slot, board, agent);
                if (_cards.Count >= MachineLimits.MaxNetworkCards) throw new IOException($"a virtual machine has at most {MachineLimits.MaxNetworkCards} network cards");
                card.Attach(board.Add);
                Introduce(card, board, agent);
                _cards.Add(card);
                kept = true;
            });
        }
        finally
        {
            if (!kept) card.Dispose();
        }
    }

    /// <summary>Takes a card away; none of that name is well too. Its wire is cut before the guest is asked.</summary>
    /// <exception cref="IOException">The guest did not let go of the card, which has no wire any more.</exception>
    public void Unplug(string name)
    {
        int slot;
        _turn.Wait();
        try
        {
            if (_cards.Find(c => c.Config.Name == name) is not { } card) return;
            Cut(card);
            slot = card.Slot;
        }
        finally
        {
            _turn.Release();
        }
        WithAgent((board, agent) =>
        {
            if (_left.Contains(slot)) Release(slot, board, agent);
        });
    }

    /// <summary>Replaces what the guest's files say of its networks, and gives a card the default routes; no name leaves the routes as they are.</summary>
    /// <exception cref="IOException">The guest does not boot or answer, or could not do it; its next boot does.</exception>
    public void Configure(string hosts, string resolver, string name, IReadOnlyList<string> gateways) => WithAgent((_, agent) =>
    {
        (Hosts, Resolver) = (hosts, resolver);
        NetworkCard? card = _cards.Find(c => c.Config.Name == name);
        if (card is not null) card.Config = card.Config with { Gateways = gateways };
        Ask("set up its networks", patience => agent.ConfigureNetworkAsync(hosts, resolver, card?.Slot ?? 0, card is null ? [] : gateways, patience));
    });

    public void Dispose()
    {
        foreach (NetworkCard card in _cards) card.Dispose();
    }

    private void Introduce(NetworkCard card, Board board, GuestChannel agent)
    {
        NetworkCardConfig config = card.Config;
        try
        {
            Ask("set up the network card", patience => agent.AddCardAsync(card.Slot, new GuestInterface(config.Mac, config.Name, config.Mtu, config.Addresses, config.Gateways), patience));
        }
        catch (GuestException)
        {
            // It has let go of what it could not set up.
            board.Remove(card.Slot);
            throw;
        }
        catch (IOException)
        {
            // It may be at the card this moment, and would hang where its registers vanished.
            _left.Add(card.Slot);
            throw;
        }
    }

    private void Cut(NetworkCard card)
    {
        _cards.Remove(card);
        _left.Add(card.Slot);
        card.Dispose();
    }

    private void Release(int slot, Board board, GuestChannel agent)
    {
        Ask("let go of the network card", patience => agent.RemoveCardAsync(slot, patience));
        board.Remove(slot);
        _left.Remove(slot);
    }

    // Booting takes turns too: the agent is waited for before the turn, and may be another one's by then.
    private void WithAgent(Action<Board, GuestChannel> change)
    {
        while (true)
        {
            Task<GuestChannel> channel = _access.Channel;
            GuestChannel agent = Booted(channel);
            _turn.Wait();
            try
            {
                if (channel != _access.Channel) continue;
                change(_board!, agent);
                return;
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private GuestChannel Booted(Task<GuestChannel> channel)
    {
        try
        {
            return channel.WaitAsync(BootPatience).GetAwaiter().GetResult();
        }
        catch (TimeoutException e)
        {
            throw new IOException($"the guest has not booted within {BootPatience.TotalSeconds} seconds", e);
        }
    }

    private void Ask(string what, Func<CancellationToken, Task> request)
    {
        using CancellationTokenSource patience = new(AnswerPatience);
        try
        {
            // A guest that does not even read must not hold this up either.
            request(patience.Token).WaitAsync(patience.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e)
        {
            throw new IOException($"the guest's agent did not {what} within {AnswerPatience.TotalSeconds} seconds", e);
        }
    }
}
