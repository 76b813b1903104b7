namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>A page is not what its place in the file says it should be.</summary>
internal sealed class DamagedPageException(uint page, string what) : Exception($"page {page} {what}");
