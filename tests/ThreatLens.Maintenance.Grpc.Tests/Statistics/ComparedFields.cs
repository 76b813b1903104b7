using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Statistics;

/// <summary>Compares answers field by field, and knows which fields nobody has compared.</summary>
internal sealed class ComparedFields
{
    private readonly HashSet<string> _compared = [];

    /// <summary>The field is what is expected; null: it is unset.</summary>
    public void Equal(IMessage message, string field, object? expected) => Assert.Equal((field, expected), (field, Value(message, field)));

    /// <summary>The number is what is expected, within a relative error.</summary>
    public void Close(IMessage message, string field, double? expected, double error)
    {
        double? value = Value(message, field) is { } known ? Convert.ToDouble(known, CultureInfo.InvariantCulture) : null;
        Assert.True(value == expected || Math.Abs(value!.Value - expected!.Value) <= error * Math.Abs(expected.Value), $"{field} is {value}, not {expected}");
    }

    /// <summary>The field lies within bounds.</summary>
    public void InRange<T>(IMessage message, string field, T low, T high)
        where T : IComparable => Assert.InRange((T)Value(message, field)!, low, high);

    /// <summary>Every field that the answers can have was compared; what is a message of the contract is what its own fields are.</summary>
    public void AssertAll(params MessageDescriptor[] answers)
    {
        var (fields, seen, left) = (new List<string>(), new HashSet<MessageDescriptor>(), new Stack<MessageDescriptor>(answers));
        while (left.TryPop(out var message))
        {
            if (!seen.Add(message))
                continue;
            foreach (var field in message.Fields.InDeclarationOrder())
            {
                if (field.FieldType == FieldType.Message && field.MessageType.File.Package == message.File.Package)
                    left.Push(field.MessageType);
                else
                    fields.Add($"{message.Name}.{field.Name}");
            }
        }

        var missing = fields.Where(f => !_compared.Contains(f)).ToList();
        Assert.True(missing.Count == 0, $"Not compared: {string.Join(", ", missing)}");
    }

    private object? Value(IMessage message, string field)
    {
        var descriptor = message.Descriptor.FindFieldByName(field);
        Assert.True(descriptor is not null, $"{message.Descriptor.Name} has no field {field}.");
        _compared.Add($"{message.Descriptor.Name}.{field}");
        if (descriptor.HasPresence && !descriptor.Accessor.HasValue(message))
            return null;
        return descriptor.Accessor.GetValue(message) switch
        {
            Timestamp time => time.ToDateTimeOffset(),
            Duration duration => duration.Seconds + (duration.Nanos / 1e9),
            var value => value,
        };
    }
}
