using System.Diagnostics;

namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>
/// What happens within leaves no traces, unless somebody samples everything: for what is looked at every few seconds for ever, whose traces would bury
/// what people look for. Metrics go on. To be disposed on the thread that began it.
/// </summary>
internal static class UntracedScope
{
    public static Activity Begin()
    {
        // Samplers follow the parent: this one is not recorded.
        Activity.Current = null;
        return new Activity("untraced") { ActivityTraceFlags = ActivityTraceFlags.None }.Start();
    }
}
