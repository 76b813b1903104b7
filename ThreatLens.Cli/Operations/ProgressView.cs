using Spectre.Console;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

/// <summary>A moving line on standard error while an operation runs; nothing where nobody can watch it.</summary>
internal static class ProgressView
{
    public static async Task WhileAsync(Screen screen, bool wanted, Operation operation, Func<Action<Operation>, Task> work)
    {
        if (!wanted || !screen.ShowsProgress)
        {
            await work(_ => { });
            return;
        }

        await screen.Error.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Describe(operation));
                await work(snapshot => Show(task, snapshot));
            });
    }

    private static void Show(ProgressTask task, Operation snapshot)
    {
        task.Description = Describe(snapshot);
        var progress = snapshot.Progress;
        task.IsIndeterminate = progress is null || progress.Total <= 0;
        if (progress is { Total: > 0 })
        {
            task.MaxValue = progress.Total;
            task.Value = progress.Completed;
        }
    }

    private static string Describe(Operation operation)
    {
        var progress = operation.Progress;
        var text = progress is { Message.Length: > 0 } ? progress.Message : $"{Names.Of(operation.Kind)} {Names.Of(operation.State)}";
        var count = progress is { Total: > 0 } ? $" ({progress.Completed}/{progress.Total} {progress.Unit})" : string.Empty;
        return Markup.Escape(Safe.Text(text + count));
    }
}
