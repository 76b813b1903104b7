namespace ThreatLens.Maintenance.Alerting;

/// <summary>One value of an instrument.</summary>
/// <param name="Instrument">Name of one of <see cref="AlertInstruments.All"/>.</param>
/// <param name="Value">The value, in the instrument's unit.</param>
/// <param name="Tag">What tells it from the instrument's other values; null: it has one only.</param>
internal readonly record struct AlertFigure(string Instrument, double Value, KeyValuePair<string, object?>? Tag = null)
{
    public static AlertFigure Tagged(string instrument, double value, string key, string tag) => new(instrument, value, KeyValuePair.Create(key, (object?)tag));
}

/// <summary>Reads some of the figures worth an alert. Quickly: nothing whose cost grows with the size of a table.</summary>
internal interface IAlertFigureSource
{
    /// <summary>What can be told now; what is not known is left out.</summary>
    /// <exception cref="Errors.MaintenanceException">The database cannot be read.</exception>
    IEnumerable<AlertFigure> Read(DateTimeOffset now);
}
