using System.Collections;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>How a command is described and what it asks for.</summary>
    public class CommandOptions
    {
        public string? Description { get; set; }

        public IReadOnlyList<InteractionInput> Arguments { get; set; } = [];

        /// <summary>Not asked here: who types a command's whole name has been asked.</summary>
        public string? ConfirmationMessage { get; set; }

        public string? IconName { get; set; }

        public bool IsHighlighted { get; set; }
    }

    /// <summary>What a command is run with.</summary>
    public sealed class ExecuteCommandContext
    {
        public required IServiceProvider Services { get; init; }

        public required string ResourceName { get; init; }

        public required CancellationToken CancellationToken { get; init; }

        public required ILogger Logger { get; init; }

        public required InteractionInputCollection Arguments { get; init; }
    }

    /// <summary>How a command ended.</summary>
    public sealed class ExecuteCommandResult
    {
        public required bool Success { get; init; }

        public string? Message { get; init; }

        public CommandResultData? Data { get; init; }
    }

    /// <summary>What a command shows.</summary>
    public sealed class CommandResultData
    {
        public required string Value { get; init; }

        public CommandResultFormat Format { get; init; }

        public bool DisplayImmediately { get; init; }
    }

    /// <summary>How <see cref="CommandResultData.Value"/> is written.</summary>
    public enum CommandResultFormat
    {
        Text,
        Json,
        Markdown,
    }

    /// <summary>Makes results.</summary>
    public static class CommandResults
    {
        public static ExecuteCommandResult Success(string message) => new() { Success = true, Message = message };

        public static ExecuteCommandResult Success(string message, string result, CommandResultFormat resultFormat, bool displayImmediately) => new()
        {
            Success = true,
            Message = message,
            Data = new() { Value = result, Format = resultFormat, DisplayImmediately = displayImmediately },
        };

        public static ExecuteCommandResult Failure(string? errorMessage = null) => new() { Success = false, Message = errorMessage };
    }
}

namespace Aspire.Hosting
{
    /// <summary>What kind of value an input takes.</summary>
    public enum InputType
    {
        Text,
        SecretText,
        Choice,
        Boolean,
        Number,
    }

    /// <summary>One argument of a command.</summary>
    public sealed class InteractionInput
    {
        public required string Name { get; init; }

        public required InputType InputType { get; init; }

        public string? Label { get; init; }

        public string? Description { get; init; }

        public string? Placeholder { get; init; }

        public bool Required { get; init; }

        public string? Value { get; set; }
    }

    /// <summary>A command's arguments by name.</summary>
    public sealed class InteractionInputCollection : IReadOnlyList<InteractionInput>
    {
        private readonly IReadOnlyList<InteractionInput> _inputs;

        public InteractionInputCollection(IReadOnlyList<InteractionInput> inputs) => _inputs = inputs;

        public int Count => _inputs.Count;

        public InteractionInput this[int index] => _inputs[index];

        public string? GetString(string name) =>
            (_inputs.FirstOrDefault(input => input.Name == name) ?? throw new KeyNotFoundException($"No input with name '{name}' was found.")).Value;

        public IEnumerator<InteractionInput> GetEnumerator() => _inputs.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
