namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>A schema by meaning; names in any case.</summary>
internal sealed record SchemaModel
{
    public required IReadOnlyDictionary<string, TableModel> Tables { get; init; }

    public required IReadOnlyDictionary<string, IndexModel> Indexes { get; init; }

    public required IReadOnlyDictionary<string, NamedSql> Triggers { get; init; }

    public required IReadOnlyDictionary<string, NamedSql> Views { get; init; }

    /// <summary>What an object of that name is; null when there is none.</summary>
    public SchemaObjectType? TypeOf(string name) =>
        Tables.ContainsKey(name) ? SchemaObjectType.Table
        : Views.ContainsKey(name) ? SchemaObjectType.View
        : Indexes.ContainsKey(name) ? SchemaObjectType.Index
        : null;
}

/// <summary>An object that is its SQL: a trigger or a view.</summary>
/// <param name="Name">Its name.</param>
/// <param name="On">The table or view it hangs on; for a view, itself.</param>
/// <param name="Sql">Its definition as stored.</param>
internal sealed record NamedSql(string Name, string On, string Sql)
{
    /// <summary>The definition without what does not count.</summary>
    public string Meaning => field ??= SqlMeaning.Of(Sql);
}

/// <summary>An index that somebody created.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Table">Its table.</param>
/// <param name="IsUnique">Whether it keeps rows apart.</param>
/// <param name="Key">Its columns with order and collation, or expressions, by meaning.</param>
/// <param name="Where">Its condition by meaning; empty without one.</param>
/// <param name="Sql">Its definition as stored.</param>
internal sealed record IndexModel(string Name, string Table, bool IsUnique, string Key, string Where, string Sql)
{
    public bool MeansTheSameAs(IndexModel other) =>
        Table.Equals(other.Table, StringComparison.OrdinalIgnoreCase) && IsUnique == other.IsUnique && Key == other.Key && Where == other.Where;
}

/// <summary>A table.</summary>
internal sealed record TableModel
{
    public required string Name { get; init; }

    /// <summary>Its definition as stored.</summary>
    public required string Sql { get; init; }

    /// <summary>Empty for a table whose details were not asked for.</summary>
    public required IReadOnlyDictionary<string, ColumnModel> Columns { get; init; }

    /// <summary>The columns of the primary key in its order, as one text.</summary>
    public string PrimaryKey { get; init; } = "";

    /// <summary>What UNIQUE constraints keep apart: sorted columns, as one text each.</summary>
    public IReadOnlySet<string> UniqueConstraints { get; init; } = new HashSet<string>();

    /// <summary>What is kept apart by any means: constraints, the primary key, unique indexes without a condition.</summary>
    public IReadOnlySet<string> UniqueKeys { get; init; } = new HashSet<string>();

    public IReadOnlySet<string> ForeignKeys { get; init; } = new HashSet<string>();

    /// <summary>Conditions by meaning.</summary>
    public IReadOnlySet<string> Checks { get; init; } = new HashSet<string>();

    public bool IsWithoutRowId { get; init; }

    public bool IsStrict { get; init; }

    public bool HasAutoIncrement { get; init; }
}

/// <summary>A column.</summary>
internal sealed record ColumnModel
{
    public required string Name { get; init; }

    /// <summary>As declared.</summary>
    public required string Type { get; init; }

    public required bool IsNotNull { get; init; }

    /// <summary>The default's SQL; null without one.</summary>
    public string? Default { get; init; }

    /// <summary>Its place in the primary key, from 1; 0 when it is not in it.</summary>
    public required int KeyPosition { get; init; }

    /// <summary>Whether it is another name of the rowid, and so never NULL whatever it says.</summary>
    public required bool IsRowId { get; init; }

    public required bool IsGenerated { get; init; }

    /// <summary>Its part of the table's definition, as written.</summary>
    public required string Definition { get; init; }

    public ColumnAffinity Affinity => ColumnAffinities.Of(Type);

    /// <summary>For people.</summary>
    public string Description => Type + (IsNotNull ? " NOT NULL" : "") + (Default is null ? "" : " DEFAULT " + Default) + (IsGenerated ? " GENERATED" : "");
}
