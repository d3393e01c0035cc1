using Berth.Compose.Planning;

namespace Berth.Compose.Running;

/// <summary>
/// Carries a plan out: steps run at once, on a bounded number of threads, as soon as those they wait for have succeeded. What depends on a
/// failed step is left out, everything else goes on. Conditions of services are polled by the calling thread, so waiting holds up no work.
/// </summary>
public sealed class PlanRunner(StepActions actions, IProgressSink progress)
{
    private const int MaximumThreads = 16;
    private const int PollMilliseconds = 100;

    private readonly object _lock = new();
    private readonly Queue<Step> _ready = [];
    private readonly List<AwaitService> _awaited = [];
    private readonly HashSet<int> _failed = [];
    private IReadOnlyList<Step> _steps = [];
    private int[] _missing = [];
    private List<int>[] _dependents = [];
    private int _open;
    private bool _cancelled;

    /// <summary>Runs all steps. True when none failed.</summary>
    public bool Run(Plan plan, CancellationToken cancellationToken = default)
    {
        foreach (var warning in plan.Warnings)
        {
            progress.Warn(warning);
        }
        Prepare(plan);
        using var registration = cancellationToken.Register(Cancel);
        var threads = Enumerable.Range(0, Math.Min(MaximumThreads, plan.Steps.Count)).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        Watch();
        threads.ForEach(thread => thread.Join());
        cancellationToken.ThrowIfCancellationRequested();
        return _failed.Count == 0;
    }

    private void Prepare(Plan plan)
    {
        _steps = plan.Steps;
        _open = _steps.Count;
        _missing = [.. _steps.Select(step => step.After.Count)];
        _dependents = [.. _steps.Select(_ => new List<int>())];
        foreach (var step in _steps)
        {
            foreach (var before in step.After)
            {
                _dependents[before].Add(step.Index);
            }
        }
        foreach (var step in _steps.Where(step => step.After.Count == 0))
        {
            Ready(step);
        }
    }

    private void Work()
    {
        while (true)
        {
            Step step;
            lock (_lock)
            {
                while (_ready.Count == 0)
                {
                    if (_open == 0)
                    {
                        return;
                    }
                    Monitor.Wait(_lock);
                }
                step = _ready.Dequeue();
            }
            Perform(step);
        }
    }

    private void Perform(Step step)
    {
        var (doing, done) = step.Words;
        progress.Doing(step.Subject, doing);
        try
        {
            actions.Perform(step);
            progress.Done(step.Subject, done);
            Finish(step, succeeded: true);
        }
        catch (Exception e) when (e is EngineCallException or ComposeException or IOException)
        {
            progress.Failed(step.Subject, e.Message);
            Finish(step, succeeded: false);
        }
    }

    private void Watch()
    {
        while (true)
        {
            AwaitService[] awaited;
            lock (_lock)
            {
                if (_open == 0)
                {
                    return;
                }
                if (_awaited.Count == 0)
                {
                    Monitor.Wait(_lock);
                }
                awaited = [.. _awaited];
            }
            var any = awaited.Select(Check).ToList().Contains(true);
            lock (_lock)
            {
                if (!any && _awaited.Count > 0 && _open > 0)
                {
                    Monitor.Wait(_lock, PollMilliseconds);
                }
            }
        }
    }

    // True when the condition is decided, either way.
    private bool Check(AwaitService step)
    {
        try
        {
            if (!actions.HasReached(step))
            {
                return false;
            }
            progress.Done(step.Subject, step.Words.Done);
            Finish(step, succeeded: true);
        }
        catch (Exception e) when (e is EngineCallException or ComposeException or IOException)
        {
            if (step.Required)
            {
                progress.Failed(step.Subject, e.Message);
            }
            else
            {
                progress.Warn($"{e.Message}; it is optional, others go on");
            }
            Finish(step, succeeded: !step.Required);
        }
        return true;
    }

    private void Ready(Step step)
    {
        if (step is AwaitService await)
        {
            progress.Doing(step.Subject, step.Words.Doing);
            _awaited.Add(await);
        }
        else
        {
            _ready.Enqueue(step);
        }
    }

    private void Finish(Step step, bool succeeded)
    {
        lock (_lock)
        {
            // A condition that was decided just when all was cancelled is no longer waited for.
            if (step is not AwaitService await || _awaited.Contains(await))
            {
                Complete(step, succeeded);
            }
            Monitor.PulseAll(_lock);
        }
    }

    private void Complete(Step first, bool succeeded)
    {
        Queue<(Step Step, bool Succeeded)> finished = new([(first, succeeded)]);
        while (finished.TryDequeue(out var one))
        {
            _open--;
            if (one.Step is AwaitService await)
            {
                _awaited.Remove(await);
            }
            if (!one.Succeeded)
            {
                _failed.Add(one.Step.Index);
            }
            foreach (var dependent in _dependents[one.Step.Index].Select(index => _steps[index]))
            {
                if (--_missing[dependent.Index] > 0)
                {
                    continue;
                }
                // What is optional is awaited no more once it has failed, and nobody minds.
                if (_cancelled || (dependent.After.Any(_failed.Contains) && dependent is not AwaitService { Required: false }))
                {
                    finished.Enqueue((dependent, false));
                }
                else if (dependent.After.Any(_failed.Contains))
                {
                    finished.Enqueue((dependent, true));
                }
                else
                {
                    Ready(dependent);
                }
            }
        }
    }

    private void Cancel()
    {
        lock (_lock)
        {
            _cancelled = true;
            List<Step> dropped = [.. _ready, .. _awaited];
            _ready.Clear();
            _awaited.Clear();
            foreach (var step in dropped)
            {
                Complete(step, succeeded: false);
            }
            Monitor.PulseAll(_lock);
        }
    }
}
