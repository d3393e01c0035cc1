using Berth.Engine.Events;

namespace Berth.Engine.Instances;

/// <summary>Publishes what happens to instances, with the attributes Docker gives.</summary>
internal static class InstanceEvents
{
    public static void Publish(this EventJournal journal, Instance instance, string action, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in instance.Definition.Config.Labels ?? new Dictionary<string, string>())
            attributes[key] = value;
        foreach ((string key, string value) in more)
            attributes[key] = value;
        attributes["image"] = instance.Definition.Config.Image ?? "";
        attributes["name"] = instance.Name;
        journal.Publish("container", action, instance.Id, attributes);
    }
}
