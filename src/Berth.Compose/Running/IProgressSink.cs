namespace Berth.Compose.Running;

/// <summary>Shows what is being done. Calls may come from several threads at once.</summary>
public interface IProgressSink
{
    /// <summary>Something goes on with a subject.</summary>
    void Doing(string subject, string words);

    /// <summary>It is done.</summary>
    void Done(string subject, string words);

    /// <summary>It failed.</summary>
    void Failed(string subject, string message);

    /// <summary>A line of a long action's own output.</summary>
    void Say(string subject, string line);

    /// <summary>Something the user should know.</summary>
    void Warn(string message);
}
